"""Target labels: the pool they are drawn from, the queries they are drawn for, and target files."""
