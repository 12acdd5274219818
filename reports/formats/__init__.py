"""Reports by the names they are asked for, one a file."""
