"""The camera program of the Raspberry Pi: sees, measures and reports spasms; no picture leaves it."""
