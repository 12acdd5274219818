"""Results of cells: their types, how they are compared, written and read."""
