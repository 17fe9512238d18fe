"""Turns smart-home traffic into trigger records."""
