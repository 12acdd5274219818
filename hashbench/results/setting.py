"""Settings: the cells whose attacks may be compared, because all but the attack is the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from hashbench.results.cell import CellResult, Name
from hashbench.retrieval import Bootstrap
from hashbench.retrieval.bootstrap import percentiles

TABLE = ("dataset", "hasher", "backbone", "bits", "target", "protocol", "seed", "epsilon", "norm")


Difference = tuple[float, float, float]
"""Mean of a paired difference, and the ends of its interval."""


@dataclass(frozen=True)
class Setting:
    """Cells of one dataset, source, target, protocol, seed and budget: the same weights, queries and targets, hence resamples."""

    names: dict[str, Name]
    """The columns of `TABLE`."""
    cells: list[CellResult]
    """At least one, in the order they were run; those without a number too."""
    _found: dict[tuple[int, int, str, str], Difference | None] = field(default_factory=dict, repr=False, compare=False)
    _means: dict[tuple[int, str], np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def done(self) -> list[CellResult]:
        """The cells that have numbers."""
        return [cell for cell in self.cells if cell.status == "ok"]

    @property
    def white_box(self) -> bool:
        """Whether the images were made on the hasher they are scored on."""
        return self.cells[0].white_box

    @property
    def epsilon(self) -> float:
        """The budget."""
        return self.cells[0].at.epsilon

    def difference(self, first: CellResult, second: CellResult, metric: str = "t_map", other: str = "") -> Difference | None:
        """The difference of two of its cells: the mean over the same queries, with its 95 % interval from the same resamples.

        `other`: the second's metric, where it is another. None where one of them has no values by query, or not as many, or
        one only. Computed once.
        """
        key = (id(first), id(second), metric, other)
        if key not in self._found:
            self._found[key] = self._difference((first, metric), (second, other or metric))
        return self._found[key]

    def _difference(self, first: tuple[CellResult, str], second: tuple[CellResult, str]) -> Difference | None:
        gap = _gap(first, second)
        if gap is None:
            return None
        if np.isfinite(gap).all():  # then the resamples' means subtract, and each cell's are computed once
            low, high = percentiles(self._resampled(*first) - self._resampled(*second))
        else:
            low, high = Bootstrap(len(gap), self.cells[0].at.seed).interval(gap)
        return float(np.nanmean(gap)), low, high

    def _resampled(self, cell: CellResult, metric: str) -> np.ndarray:
        key = (id(cell), metric)
        if key not in self._means:
            values = cell.arrays[f"per_query/{metric}"]
            self._means[key] = Bootstrap(len(values), self.cells[0].at.seed).means(values)
        return self._means[key]


def paired_difference(first: CellResult, second: CellResult, metric: str) -> Difference | None:
    """The difference of two cells of one set of queries and one seed, on two hashers: its mean and 95 % interval.

    None where one of them has no values by query, or they were not of the same queries.
    """
    if first.made is None or second.made is None or first.made.targets.sha256 != second.made.targets.sha256:
        return None
    gap = _gap((first, metric), (second, metric))
    if gap is None:
        return None
    low, high = Bootstrap(len(gap), first.at.seed).interval(gap)
    return float(np.nanmean(gap)), low, high


def _gap(first: tuple[CellResult, str], second: tuple[CellResult, str]) -> np.ndarray | None:
    """Query by query, the difference of two cells' metrics; None where one has no values, or not as many, or one only."""
    one, other = (cell.arrays.get(f"per_query/{metric}") for cell, metric in (first, second))
    return None if one is None or other is None or len(one) != len(other) or len(one) < 2 else one - other


def settings_of(cells: Iterable[CellResult]) -> list[Setting]:
    """Cells by what their attacks share. One without a number stands with the first setting of its names."""
    found: dict[tuple[object, ...], Setting] = {}
    named: dict[tuple[object, ...], Setting] = {}
    given = list(cells)
    for cell in sorted(given, key=lambda cell: cell.made is None):
        names = tuple(cell.names[name] for name in TABLE)
        setting = found.get((*names, *shared(cell))) if cell.made else named.get(names)
        if setting is None:
            setting = Setting(dict(zip(TABLE, names, strict=True)), [])
            found[(*names, *shared(cell))] = setting
            named.setdefault(names, setting)
        setting.cells.append(cell)
    place = {id(cell): i for i, cell in enumerate(given)}
    for setting in found.values():
        setting.cells.sort(key=lambda cell: place[id(cell)])
    return sorted(found.values(), key=lambda setting: place[id(setting.cells[0])])


def shared(cell: CellResult) -> tuple[str, ...]:
    """Beyond names: the content of what the attacks of a setting share."""
    if cell.made is None:
        return ()
    made, precision = cell.made, {name: of for name, of in cell.made.precision.items() if name != "attacks" and of != "fp32"}
    return (
        json.dumps(precision, sort_keys=True),
        *(made.keys.hasher, made.codes, made.targets.sha256, made.data.content),
        *(json.dumps(made.protocol, sort_keys=True), cell.checked),
    )
