"""Comparison of cells: paired differences between attacks, and the spread over seeds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import combinations

import pandas as pd

from hashbench.results.cell import CellResult
from hashbench.results.setting import TABLE, Setting

DIFFERENCE = (*TABLE, "metric", "attack", "other", "difference", "low", "high")
SPREAD = (*(name for name in TABLE if name != "seed"), "attack", "queries", "metric", "seeds", "mean", "least", "most", "deviation")
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
    """How each metric varies over seeds: other targets and draws, and other hashers where they are trained here; as many queries
    of the same data by the same options.

    Empty where one seed was run. `deviation` is the sample standard deviation.
    """
    rows = [
        {**cell.names, "attack": cell.label, "metric": row.metric, "value": row.value, **_draw(cell)}
        for cell in cells
        for row in cell.rows
        if row.value is not None
    ]
    by = [*(name for name in SPREAD if name not in _MADE), "of"]
    table = pd.DataFrame(rows, columns=[*by, "seed", "value"]).drop_duplicates([*by, "seed"])
    grouped = table.groupby(by, sort=False, dropna=False)
    spread = grouped["value"].agg(mean="mean", least="min", most="max", deviation="std")
    spread.insert(0, "seeds", grouped["seed"].nunique())
    whole = spread.reset_index()
    return whole[whole["seeds"] > 1].reset_index(drop=True)[list(SPREAD)]


def _draw(cell: CellResult) -> dict[str, object]:
    """How many queries were drawn, and what else is the same for each seed: the data, and options as resolved."""
    made = cell.made
    if made is None:
        return {"queries": 0, "of": ""}
    return {"queries": made.targets.queries, "of": json.dumps([made.data.content, made.options], sort_keys=True)}
