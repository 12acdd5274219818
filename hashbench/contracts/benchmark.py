"""The contract of a benchmark: numbers from a cell's products."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from hashbench.contracts.plugin import Plugin
from hashbench.contracts.products import Products


@dataclass(frozen=True)
class Row:
    """One number of a cell. `per_query` (Q,) is what intervals are drawn from; None where there is no such thing."""

    metric: str
    value: float
    per_query: np.ndarray | None = None
    root: bool = False
    """Whether the value is the square root of the mean (a pooled RMS), not the mean."""

    @classmethod
    def mean(cls, metric: str, per_query: np.ndarray) -> Row:
        """The mean over queries, with the values it is the mean of; those that are nan do not count."""
        values = np.asarray(per_query, dtype=np.float64)
        return cls(metric, float(np.nanmean(values)), values)


@dataclass(frozen=True)
class Measurement:
    """The rows of a benchmark, and arrays that reports draw from (counts, curves, sample images)."""

    rows: list[Row]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


class Benchmark(Plugin, ABC):
    """Turns the products of a cell into numbers."""

    repeatable: ClassVar[bool] = True
    """False where two runs differ (times): its rows go to timings.csv, apart from results that repeat byte for byte."""

    @abstractmethod
    def measure(self, products: Products) -> Measurement:
        """The numbers of one cell."""
