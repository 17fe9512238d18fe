"""One ``spasmwatch.toml`` and the environment, validated; unknown keys are refused with the nearest known one."""

from spasmwatch.settings.loading import Settings, load

__all__ = ["Settings", "load"]
