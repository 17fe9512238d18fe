"""Trigger association, treatments and the report for the doctor."""
