"""Results -> pages, one report a file."""
