"""What separates the cells of a table: paired differences between attacks, and the spread over seeds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pandas as pd

from hashbench.settings import TABLE, Setting

DIFFERENCE = (*TABLE, "metric", "attack", "other", "difference", "low", "high")
SPREAD = (*(name for name in TABLE if name != "seed"), "attack", "metric", "seeds", "mean", "least", "most", "deviation")
COMPARED = ("t_map", "map_attacked")


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


def seed_spread(table: pd.DataFrame) -> pd.DataFrame:
    """How each metric varies over seeds: other hashers, targets and draws, not other queries. Empty where one seed was run.

    `table`: `Results.table`. `deviation` is the sample standard deviation.
    """
    by = [name for name in SPREAD if name in table.columns]
    grouped = table.groupby(by, sort=False, dropna=False)["value"]
    spread = grouped.agg(seeds="count", mean="mean", least="min", most="max", deviation="std").reset_index()
    return spread[spread["seeds"] > 1].reset_index(drop=True)[list(SPREAD)]
