"""The embedded home: all programs on one machine, each its own process, around an embedded broker."""
