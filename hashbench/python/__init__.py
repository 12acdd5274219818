"""The way in from Python: what `import hashbench` offers, and what the command line stands on."""
