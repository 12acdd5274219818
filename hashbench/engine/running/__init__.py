"""Cells run, scored, flagged and written."""
