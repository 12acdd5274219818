"""Defences: a hasher trained on against attacks, with noise, or behind a filter."""
