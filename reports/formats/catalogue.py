"""Tables and charts by name: what `hashbench table` and `hashbench figure` take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hashbench.api import Results, Setting, UserError

from ..charts.look import Chart
from ..charts.of_results import CHARTS
from ..pages.layouts import parts
from ..tables import setting, whole
from ..tables.model import Table
from .suites import suite_of

T = TypeVar("T")


def _each(build: Callable[[Setting], Table]) -> Callable[[Results], list[Table]]:
    return lambda results: [build(one) for one in results.white_box]


def _some(build: Callable[[Results], Table | None]) -> Callable[[Results], list[Table]]:
    return lambda results: [table for table in [build(results)] if table is not None]


TABLES: dict[str, Callable[[Results], list[Table]]] = {
    "cells": _some(whole.cells),
    "attacks": lambda results: [setting.attacks(one, len(results.runs) > 1) for one in results.white_box],
    "by-bits": _some(whole.by_bits),
    "differences": _each(setting.differences),
    "costs": _some(whole.costs),
    "protocols": _some(whole.protocols),
    "seeds": _some(whole.seeds),
    "transfer": _some(whole.transfer),
}
"""Of any run. A suite's own come beside them, by the suite's name."""


def tables(results: Results, name: str) -> list[Table]:
    """Tables by name. Raises UserError for an unknown name, or where the results hold nothing for it."""
    if name in TABLES:
        return _there([table for table in TABLES[name](results) if table.lines], "table", name)
    suite = suite_of(results, name, "table", TABLES)
    found = [table for part in parts(suite, results) for table in part.tables]
    return _there([table for table in found if table.lines and len(table.columns) > table.labels], "table", name)


def charts(results: Results, name: str) -> list[Chart]:
    """Charts by name. Raises UserError as `tables` does."""
    if name in CHARTS:
        return _there(CHARTS[name](results), "figure", name)
    suite = suite_of(results, name, "figure", CHARTS)
    return _there([chart for part in parts(suite, results) for chart in part.charts], "figure", name)


NEEDS = {
    "epsilon": "several --epsilon",
    "steps": "an attack run with several steps",
    "transfer": "--transfer",
    "pictures": "--benchmark gallery",
    "roc": "--benchmark targeted,detection",
    "protocols": "several --protocol",
    "seeds": "several --seed",
    "curves": "--benchmark targeted",
    "bars": "--benchmark targeted",
    "perceptibility": "--benchmark targeted,perceptibility",
    "time": "--benchmark targeted,timing",
    "differences": "several attacks",
}


def _there(found: Sequence[T], kind: str, name: str) -> list[T]:
    if not found:
        needs = (
            f"that needs runs with {NEEDS[name]}" if name in NEEDS else "its attacks are not among their cells, or without number"
        )
        raise UserError(f"these results hold nothing for the {kind} '{name}': {needs}.")
    return list(found)
