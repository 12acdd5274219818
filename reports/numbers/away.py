"""Attacks that lead away from the query's likes, to no target: what they leave."""

from __future__ import annotations

from collections.abc import Iterable

from hashbench.api import CellResult, Setting, led_away


def leading_away(setting: Setting) -> list[CellResult]:
    """The cells whose attacks lead away from the query's likes."""
    return [cell for cell in setting.done if led_away(cell) and cell.value("map_attacked") is not None]


def strongest(cells: Iterable[CellResult]) -> CellResult:
    """The cell of the attack that leaves the least MAP."""
    return min(cells, key=lambda cell: cell.value("map_attacked") or 0.0)
