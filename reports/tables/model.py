"""What a table is, whatever it is written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hashbench.api import CellResult


@dataclass(frozen=True)
class Column:
    """A heading, and how the numbers under it are shown."""

    heading: str
    digits: int | None = 3
    """After the point; None for text."""
    scale: float = 1.0
    """What the value is multiplied with."""
    unit: str = ""
    group: str = ""
    """The heading above, which neighbours share."""
    help: str = ""
    key: str = ""
    """What CSV calls it, where that is not the heading."""


@dataclass(frozen=True)
class Entry:
    """A number with its interval, a text, or the reason why there is neither."""

    value: float | str | None = None
    low: float | None = None
    high: float | None = None
    paper: float | None = None
    """The paper's number, where the two are of the same thing."""
    why: str = ""
    """Why there is no number."""
    signed: bool = False
    href: str = ""
    """The page that a text links to."""

    @property
    def missing(self) -> bool:
        return self.value is None

    def text(self, column: Column) -> str:
        """As shown: rounded, with its unit; text as it is; a dash where there is nothing."""
        if self.value is None:
            return "–"
        if isinstance(self.value, str):
            return self.value
        return _number(self.value, column, self.signed) + column.unit

    def interval(self, column: Column) -> str:
        """Its interval as shown; empty without one."""
        if self.low is None or self.high is None:
            return ""
        between = " to " if self.signed else "–"
        return between.join(_number(end, column, self.signed) for end in (self.low, self.high))

    def beside(self, column: Column) -> str:
        """The paper's number and what separates ours from it; empty without one."""
        if self.paper is None or not isinstance(self.value, int | float):
            return ""
        return f"paper {_number(self.paper, column, False)} ({_number(self.value - self.paper, column, True)})"


def _number(value: float, column: Column, signed: bool) -> str:
    return f"{value * column.scale:{'+' if signed else ''}.{column.digits or 0}f}"


@dataclass(frozen=True)
class Line:
    """A row."""

    entries: Sequence[Entry]
    base: bool = False
    """Whether it is what the others are to be read against: it stays on top."""
    cell: CellResult | None = None


@dataclass(frozen=True)
class Table:
    """Columns and rows; `labels` of them, from the left, say what a row is of."""

    title: str
    about: str
    columns: Sequence[Column]
    lines: Sequence[Line]
    labels: int = 1
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The headings above headings with the columns they span; empty where no column has one."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found if any(name for name, _ in found) else []


def measured(cell: CellResult, metric: str, paper: float | None = None) -> Entry:
    """A metric of a cell, timings among them."""
    row = row_of(cell, metric)
    if row is None:
        return Entry(why=f"no {metric}" if cell.status == "ok" else why_missing(cell))
    return Entry(
        row["value"], row["low"], row["high"], paper, why="" if row["value"] is not None else f"{metric} has no value here"
    )


def row_of(cell: CellResult, metric: str) -> dict[str, Any] | None:
    """The row of a metric; None where the cell has none."""
    return next((row for row in (*cell.rows, *cell.timings) if row["metric"] == metric), None)


def why_missing(cell: CellResult) -> str:
    """Why a cell has no number, in a line."""
    return f"{cell.status}: {cell.reason.strip().splitlines()[-1]}" if cell.reason.strip() else cell.status
