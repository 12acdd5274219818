"""The reports that are tables in a text format: one mechanism, three formats."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hashbench.api import Report, Results, Shown, UserError, option, write_atomically

from ..tables.model import Table
from .catalogue import TABLES, tables

_TABLES = ("rows", "measures", "matrix", "sweep", "defences")
"""Kinds of show that are tables."""


@dataclass(frozen=True)
class Written(Report):
    """Tables as text."""

    suffix: ClassVar[str]
    table: str = option("", "one table by name, a suite's (table1) or one of: " + ", ".join(TABLES) + "; none: all there are")

    @abstractmethod
    def text(self, found: list[Table]) -> str:
        """Tables of one name."""

    def head(self, results: Results) -> str:
        """Text before all tables."""
        return ""

    def render(self, results: Results, out: Path) -> list[Path]:
        if self.table:
            file = out / f"{self.table}{self.suffix}"
            write_atomically(file, self.text(tables(results, self.table)))
            return [file]
        found = {name: build(results) for name, build in TABLES.items()}
        for suite in results.suites:
            found[suite.name] = _of(suite, results)
        return self.write_all(results, {name: some for name, some in found.items() if some}, out)

    def write_all(self, results: Results, found: dict[str, list[Table]], out: Path) -> list[Path]:
        """Every table into one file."""
        file = out / f"tables{self.suffix}"
        text = self.head(results) + "\n".join(self.text(some) for some in found.values())
        write_atomically(file, text)
        return [file]


def _of(suite: Shown, results: Results) -> list[Table]:
    """The tables of a suite that the results hold numbers for."""
    try:
        return tables(results, suite.name) if any(show.kind in _TABLES for show in suite.show) else []
    except UserError:  # none of its cells has a number: the others' tables are written all the same
        return []
