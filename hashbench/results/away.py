"""Attacks that lead away from the query's likes, to no target."""

from __future__ import annotations

from hashbench.results.cell import CellResult


def led_away(cell: CellResult) -> bool:
    """Whether an attack leads away from the query's likes: by its own word, or, of older results, by its options."""
    targeted = cell.about().targeted
    if targeted is not None:
        return not targeted
    aim = str(cell.option("aim"))
    said = cell.option("away") is True or cell.option("towards") is False
    return said or aim.partition("[")[0] == "own" or "away=true" in aim
