"""Networks that hashbench did not train: read from a file, probed, known by their content."""
