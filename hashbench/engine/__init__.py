"""From a configuration to results: the plan, the stages of a cell, the store, the runner."""
