"""Benchmarks, one metric family a file."""
