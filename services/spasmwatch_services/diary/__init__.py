"""The diary and the caregivers' pages."""
