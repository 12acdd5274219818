"""Comparison of cells: paired differences between attacks, and the spread over seeds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pandas as pd

from hashbench.results.cell import CellResult
from hashbench.results.setting import TABLE, Setting

DIFFERENCE = (*TABLE, "metric", "attack", "other", "difference", "low", "high")
SPREAD = (*(name for name in TABLE if name != "seed"), "attack", "metric", "seeds", "mean", "least", "most", "deviation")
COMPARED = ("t_map", "map_attacked")
_MADE = ("seeds", "mean", "least", "most", "deviation")


def differences(settings: Iterable[Setting]) -> pd.DataFrame:
    """Every pair of attacks of each setting."""
    rows = []
    for setting in settings:
        for first, second in combinations(setting.done, 2):
            for metric in COMPARED:
                found = setting.difference(first, second, metric)
                if found is not None:
                    rows.append((*setting.names.values(), metric, first.label, second.label, *found))
    return pd.DataFrame(rows, columns=list(DIFFERENCE))


def seed_spread(cells: Iterable[CellResult]) -> pd.DataFrame:
    """How each metric varies over seeds: other hashers, targets and draws, not other queries. Empty where one seed was run.

    `deviation` is the sample standard deviation.
    """
    rows = [{**cell.names, "attack": cell.label, "metric": row.metric, "value": row.value} for cell in cells for row in cell.rows]
    by = [name for name in SPREAD if name not in _MADE]
    table = pd.DataFrame(rows, columns=[*by, "seed", "value"])
    grouped = table.groupby(by, sort=False, dropna=False)
    spread = grouped["value"].agg(mean="mean", least="min", most="max", deviation="std")
    spread.insert(0, "seeds", grouped["seed"].nunique())
    whole = spread.reset_index()
    return whole[whole["seeds"] > 1].reset_index(drop=True)[list(SPREAD)]
