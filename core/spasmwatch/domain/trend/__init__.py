"""Is it getting worse? Counts against observed time, over-dispersed, by time of day and camera."""
