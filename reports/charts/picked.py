"""What charts are drawn of: settings together by some of their names, and metrics with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hashbench.api import CellResult, Results, Setting

from ..tables.names import label

WORLD = ("dataset", "protocol", "seed", "epsilon", "norm")
HASHER = ("dataset", "hasher", "backbone", "bits", "protocol", "seed", "norm")


def interval(cell: CellResult, metric: str) -> tuple[float, float, float] | None:
    """A metric with the ends of its interval, which are itself where it has none."""
    row = cell.row(metric)
    if row is None or row.value is None:
        return None
    low, high = (row.value if end is None else end for end in (row.low, row.high))
    return row.value, low, high


def white_box(results: Results) -> list[Setting]:
    """Settings whose images are scored where they were made, and that have a number."""
    return [setting for setting in results.white_box if setting.done]


def together(results: Results, by: Sequence[str]) -> list[tuple[str, list[Setting]]]:
    """White-box settings by some of their names. Those of the same names (other data or weights behind them) stay apart."""
    found: dict[tuple[Any, ...], list[Setting]] = {}
    seen: dict[tuple[str, ...], int] = {}
    for setting in white_box(results):
        names = tuple(map(str, setting.names.values()))
        seen[names] = seen.get(names, 0) + 1
        found.setdefault((*(str(setting.names[name]) for name in by), seen[names]), []).append(setting)
    return [(label(settings[0].names, by) + (f" ({key[-1]})" if key[-1] > 1 else ""), settings) for key, settings in found.items()]
