"""How much of an attack gets through a filter that stands before a hasher."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hashbench.engine.running.ratio import ratio
from hashbench.results.cell import CellResult, Flag, Measured

ENOUGH = 0.8
"""The share of what an attack takes without the filter below which its gradients may be masked."""
FILTERED = "filtered"
"""The fact of a hasher that looks at filtered images."""


def through_filter(cell: CellResult, cells: Iterable[CellResult]) -> tuple[list[Measured], list[Flag]]:
    """`regained`: what the attack takes from a filtered hasher, over what it takes from the same hasher without the filter.

    Taken is MAP that is lost, and of an attack that steers to a code t-MAP that is gained, both from the clean query.
    Nothing where there is no filter, or no such cell without it.
    """
    bare = _without(cell, cells)
    if bare is None:
        return [], []
    steered = cell.value("t_map_aim") is not None
    taken = [_taken(one, steered) for one in (cell, bare)]
    if taken[0] is None or taken[1] is None or len(taken[0]) != len(taken[1]):
        return [], []
    share = ratio("regained", taken[0], taken[1], cell.at.seed)
    if share.value is None:
        return [], []
    if share.value >= ENOUGH:
        return [share], []
    says = f"through the filter it takes {share.value:.0%} of what the same attack takes without it: gradients may be masked."
    return [share], [Flag(flag="masked-gradients", says=says)]


def _without(cell: CellResult, cells: Iterable[CellResult]) -> CellResult | None:
    """The cell of the same attack on the hasher behind the filter."""
    if cell.made is None or not cell.made.hasher.get(FILTERED) or not cell.white_box:
        return None
    start, at = cell.made.hasher.get("started_from"), cell.at

    def fits(other: CellResult) -> bool:
        same = other.at.model_copy(update={"source": at.source, "target": at.target}) == at and other.white_box
        return same and other.made is not None and other.made.keys.hasher == start

    return next((other for other in cells if fits(other)), None)


def _taken(cell: CellResult, steered: bool) -> np.ndarray | None:
    before, after = ("t_map_clean", "t_map") if steered else ("map_attacked", "map_clean")
    values = [cell.arrays.get(f"per_query/{metric}") for metric in (before, after)]
    return None if values[0] is None or values[1] is None else values[1] - values[0]
