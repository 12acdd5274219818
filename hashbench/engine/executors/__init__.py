"""Executors: who makes the stages of a plan before it is measured. Without one, the run makes each when it is needed."""
