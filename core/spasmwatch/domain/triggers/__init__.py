"""From what the home's devices measure to what may have set off a spasm: rules, presets and thinning, all pure."""
