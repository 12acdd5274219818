"""A static site of rankings."""
