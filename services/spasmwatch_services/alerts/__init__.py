"""Judges escalation and trends and tells the caregivers."""
