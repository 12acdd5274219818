"""Attacks that only ask: nothing of the hasher but its answers."""
