"""How much of an attack a filter before a hasher lets through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hashbench.results.away import led_away
from hashbench.results.cell import CellResult, Flag, Measured
from hashbench.retrieval import Bootstrap
from hashbench.retrieval.bootstrap import percentiles

ENOUGH = 0.8
"""The share of what an attack achieves without the filter below which its gradients may be masked."""
FILTERED = "filtered"
"""The fact of a hasher that is another one behind a filter."""


def through_filter(cell: CellResult, cells: Iterable[CellResult]) -> tuple[list[Measured], list[Flag]]:
    """`let_through`: what an attack that follows gradients achieves on a filtered hasher, over what it does without the filter.

    Achieved is the share of what there was to lose, from the clean query: MAP down to its floor, or, of an attack towards
    targets, t-MAP up to the oracle's. Nothing where there is no filter, no such cell without it, or nothing to lose. The flag
    goes by the value, not by the end of its interval: it asks for a second look.
    """
    bare = _without(cell, cells)
    if bare is None:
        return [], []
    steered = not led_away(cell)
    behind, without = _achieved(cell, steered), _achieved(bare, steered)
    if behind is None or without is None or not percentiles(without.resampled)[0] > 0:
        return [], []
    value = behind.share / without.share
    low, high = percentiles(behind.resampled / np.where(without.resampled > 0, without.resampled, np.nan))
    row = Measured(metric="let_through", value=value, low=low, high=high)
    if value >= ENOUGH:
        return [row], []
    says = f"through the filter it achieves {value:.0%} of what the same attack does without it: gradients may be masked."
    return [row], [Flag(flag="masked-gradients", says=says)]


def _without(cell: CellResult, cells: Iterable[CellResult]) -> CellResult | None:
    """The cell of the same attack, one that follows gradients, on the hasher behind the filter."""
    if cell.made is None or cell.made.hasher.get(FILTERED) is not True or not cell.white_box or cell.about().access != "gradients":
        return None
    start, at = cell.made.hasher.get("started_from"), cell.at

    def fits(other: CellResult) -> bool:
        same = other.at.model_copy(update={"source": at.source, "target": at.target}) == at and other.white_box
        return same and other.made is not None and other.made.keys.hasher == start

    return next((other for other in cells if fits(other)), None)


@dataclass(frozen=True)
class _Achieved:
    """The share of what there was to lose, and of each resample of the queries."""

    share: float
    resampled: np.ndarray


def _achieved(cell: CellResult, steered: bool) -> _Achieved | None:
    """None without values by query, or with nothing to lose."""
    names = (
        ("t_map", "t_map_clean", "t_map_oracle", "t_map_clean")
        if steered
        else ("map_clean", "map_attacked", "map_clean", "map_floor")
    )
    values = [cell.arrays.get(f"per_query/{name}") for name in names]
    if any(one is None for one in values):
        return None
    more, less, most, least = (np.asarray(one, dtype=np.float64) for one in values)
    bootstrap = Bootstrap(len(more), cell.at.seed)
    taken, possible = bootstrap.means(more - less), bootstrap.means(most - least)
    if not percentiles(possible)[0] > 0:
        return None
    return _Achieved(float(np.nanmean(more - less) / np.nanmean(most - least)), taken / np.where(possible > 0, possible, np.nan))
