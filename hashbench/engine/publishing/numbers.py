"""The numbers of a cell computed again from its images, and compared with what it says."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from hashbench.contracts.benchmark import Benchmark, Row
from hashbench.contracts.products import Products
from hashbench.engine.choices import Chosen
from hashbench.engine.planning.choosing import choose
from hashbench.engine.running.scoring import with_interval
from hashbench.results.cell import CellResult, Measured
from hashbench.retrieval import Bootstrap

BENCHMARKS = ("targeted", "perceptibility")
_LEFT = ("_raw", "lpips")
"""Ends of metrics that are not computed again: of images as the attack returned them, which an entry does not hold; by a network
that need not be there."""
_CLOSE = 1e-9


@dataclass(frozen=True)
class Found:
    """The numbers of a cell as they were computed again."""

    rows: tuple[Measured, ...]
    arrays: dict[str, np.ndarray]
    images: int
    of: int


def numbers_again(cell: CellResult, products: Products, positions: np.ndarray, count: int) -> tuple[Found, list[str]]:
    """What holds, and a sentence for what does not. `positions`: the queries that images are there of, of `count`.

    Of a draw of the images, values by query are compared where there is an image; means and intervals are then of the values that
    the cell states. Numbers that are no mean over queries are kept where all images are there.
    """
    faults = [f"{metric} stands {n} times" for metric, n in Counter(row.metric for row in cell.rows).items() if n > 1]
    whole, bootstrap = len(positions) == count, Bootstrap(count, cell.at.seed)
    rows: list[Measured] = []
    arrays: dict[str, np.ndarray] = {}
    for name in BENCHMARKS:
        benchmark: Chosen[Benchmark] = choose("benchmarks", name, None)
        measured = benchmark.plugin.measure(products)
        if whole:
            arrays |= {f"{name}/{key}": np.ascontiguousarray(array) for key, array in measured.arrays.items()}
        due = [row for row in measured.rows if not row.metric.endswith(_LEFT) and (row.per_query is not None or whole)]
        if name != BENCHMARKS[0] and all(cell.row(row.metric) is None for row in due):
            continue  # the run did not measure it
        for row in due:
            stated = cell.row(row.metric)
            if stated is None:
                faults.append(f"it lacks {row.metric}, which its images give")
                continue
            again, values, fault = _again(cell, row, stated, positions, bootstrap, count)
            if fault:
                faults.append(fault)
                continue
            rows.append(again)
            if values is not None:
                arrays[f"per_query/{row.metric}"] = values
    return Found(tuple(rows), arrays, len(positions), count), faults


def _again(
    cell: CellResult, row: Row, stated: Measured, positions: np.ndarray, bootstrap: Bootstrap, count: int
) -> tuple[Measured, np.ndarray | None, str]:
    """A row computed again, its values by query, and a sentence where it is not as stated."""
    again, values = Measured(metric=row.metric, value=row.value), None
    if row.per_query is not None:
        values = cell.arrays.get(f"per_query/{row.metric}")
        if values is None or values.shape != (count,):
            return again, None, f"{row.metric} has no value for each of its {count} queries"
        unlike = ~np.isclose(values[positions], row.per_query, rtol=_CLOSE, atol=_CLOSE, equal_nan=True)
        if unlike.any():
            first = int(np.flatnonzero(unlike)[0])
            pair = f"{row.per_query[first]:.6g}, where it says {values[positions][first]:.6g}"
            return again, None, f"image {positions[first]} gives {row.metric} {pair} ({unlike.sum()} of {len(unlike)} differ)"
        mean = float(np.nanmean(values))
        again = with_interval(Row(row.metric, math.sqrt(mean) if row.root else mean, np.asarray(values), row.root), bootstrap)
    same = all(_same(getattr(stated, end), getattr(again, end)) for end in ("value", "low", "high"))
    return again, values, "" if same else f"{row.metric} is {_shown(again)}, where it says {_shown(stated)}"


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE) or (math.isnan(one) and math.isnan(other))


def _shown(row: Measured) -> str:
    ends = ["none" if value is None else f"{value:.6g}" for value in (row.value, row.low, row.high)]
    return ends[0] if row.low is None else f"{ends[0]} [{ends[1]}, {ends[2]}]"
