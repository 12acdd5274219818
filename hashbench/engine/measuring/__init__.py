"""Measuring: what a machine can do, and how much of it each loop uses. Nothing here is part of a result."""
