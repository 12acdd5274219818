"""Ranks, and the paper's numbers."""
