"""What separates the cells of a table: paired differences between attacks, and the spread over seeds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hashbench.retrieval import Bootstrap

if TYPE_CHECKING:
    from hashbench.results import CellResult

TABLE = ("dataset", "hasher", "backbone", "bits", "victim", "protocol", "seed")
DIFFERENCE = (*TABLE, "metric", "attack", "other", "difference", "low", "high")
SPREAD = (*(name for name in TABLE if name != "seed"), "attack", "metric", "seeds", "mean", "least", "most", "deviation")
COMPARED = ("t_map", "map_attacked")


def tables(cells: Iterable[CellResult]) -> dict[tuple[Any, ...], list[CellResult]]:
    """Measured cells by what attacks of one table share: queries, targets, hence resamples."""
    found: dict[tuple[Any, ...], list[CellResult]] = {}
    for cell in cells:
        if cell.status == "ok":
            found.setdefault(tuple(cell.names[name] for name in TABLE), []).append(cell)
    return found


def differences(cells: Iterable[CellResult]) -> pd.DataFrame:
    """Mean difference of every pair of attacks of a table over the same queries, with its 95 % interval from the same resamples."""
    rows = []
    for key, table in tables(cells).items():
        for (first, second), metric in ((pair, metric) for pair in combinations(table, 2) for metric in COMPARED):
            values = [cell.arrays.get(f"per_query/{metric}") for cell in (first, second)]
            if values[0] is None or values[1] is None or len(values[0]) != len(values[1]):
                continue
            gap = values[0] - values[1]
            low, high = Bootstrap(len(gap), first.names["seed"]).interval(gap)
            rows.append((*key, metric, first.names["attack"], second.names["attack"], float(np.nanmean(gap)), low, high))
    return pd.DataFrame(rows, columns=list(DIFFERENCE))


def seed_spread(table: pd.DataFrame) -> pd.DataFrame:
    """How each metric varies over seeds: other hashers, targets and draws, not other queries. Empty where one seed was run.

    `table`: `Results.table`. `deviation` is the sample standard deviation.
    """
    by = [name for name in SPREAD if name in table.columns]
    grouped = table.groupby(by, sort=False, dropna=False)["value"]
    spread = grouped.agg(seeds="count", mean="mean", least="min", most="max", deviation="std").reset_index()
    return spread[spread["seeds"] > 1].reset_index(drop=True)[list(SPREAD)]
