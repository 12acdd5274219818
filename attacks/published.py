"""What published iterative attacks have in common."""

ONE_START = {"samples": 1, "starts": 1, "keep": "last", "settled": None, "expects": None}
"""One start, its last point: what no release of these papers goes beyond."""
