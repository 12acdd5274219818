"""The chain from pixels to scores, one stage a file."""
