"""The built-in attacks, one a file."""
