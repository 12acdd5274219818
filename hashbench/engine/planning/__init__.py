"""From a configuration to cells, and what they would take."""
