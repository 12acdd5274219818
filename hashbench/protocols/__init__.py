"""Protocols: the rules that make two numbers comparable."""
