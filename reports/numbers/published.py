"""The paper's numbers (ProS-GAN, CVPR 2021, Tables 1-4), beside ours where the two are of the same thing."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from hashbench.api import CellResult

_KEY = ("dataset", "hasher", "backbone", "bits", "attack", "target")
WHOSE = ("t_map_clean", "map_clean")
"""Metrics of the unattacked query: the same whatever the attack."""

POOLS = ("published", "published-train")
"""Protocols of the paper's numbers: it does not say which label vectors its targets were drawn from."""
TIMES = ("seconds_per_image",)
"""Measured by the paper on another machine (a TITAN RTX), data loading included: never beside ours."""
SIZES = {"flickr25k": (1700, 5000, 23300), "nuswide": (2100, 10500, 193734), "mscoco": (5000, 10000, 117218)}
"""Queries, training and database images of the paper."""


def published(cell: CellResult, metric: str) -> float | None:
    """The paper's value of a cell's metric; None where it has none, or where ours is not of the same thing: another dataset,
    protocol, preset, budget, image size, number of queries, target file, backbone weights or options, or a split of other sizes."""
    if metric in TIMES or not _comparable(cell):
        return None
    key = [str(cell.names[name]) for name in _KEY]
    key[0] = cell.made.data.identity if cell.made is not None else ""
    if metric in WHOSE:
        key[4] = ""
    found: float | None = _table().get((*key, metric))
    return found


def _comparable(cell: CellResult) -> bool:
    made = cell.made
    if made is None or cell.at.protocol not in POOLS or made.preset != "paper":
        return False
    if "IMAGENET1K_V1" not in str(made.hasher.get("weights")):
        return False
    sizes = tuple(made.data.rows(split) for split in ("query", "train", "database"))
    if sizes != SIZES.get(made.data.identity, sizes):
        return False
    whole = made.targets.queries == sizes[0] and not made.targets.file
    return whole and made.budget.norm == "linf" and abs(made.budget.epsilon - 8 / 255) < 1e-9 and made.data.image_size == 224


@cache
def _table() -> dict[tuple[Any, ...], float]:
    text = files("hashbench.reports.numbers") / "published.csv"
    with text.open(encoding="utf-8") as stream:
        rows = pd.read_csv(stream, dtype=str, keep_default_na=False)
    return {(*(row[name] for name in _KEY), row["metric"]): float(row["value"]) for row in rows.to_dict("records")}
