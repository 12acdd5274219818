"""What charts are drawn of: settings together by some of their names, and metrics with their intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hashbench.api import CellResult, Results, Setting

from ..tables.names import label, told_apart

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
    """White-box settings by some of their names. Those of the same names (other data or weights behind them) stay apart, and of
    one seed those of other queries or targets."""
    found: dict[tuple[Any, ...], list[Setting]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for setting in white_box(results):
        made = setting.done[0].made
        draw = made.targets.sha256 if made is not None and "seed" in by else ""
        names = (*map(str, setting.names.values()), draw)
        seen[names] += 1
        found.setdefault((*(str(setting.names[name]) for name in by), draw, seen[names]), []).append(setting)
    texts = [label(settings[0].names, by) for settings in found.values()]
    return list(zip(told_apart(texts, [settings[0] for settings in found.values()]), found.values(), strict=True))
