"""Retrieval datasets: what one is, and a loader a file."""
