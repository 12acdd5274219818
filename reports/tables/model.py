"""Tables as values: columns, entries, lines, independent of any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
    unseen: str = ""
    """What the link says beyond the text, to those who hear the page."""

    @property
    def missing(self) -> bool:
        return self.value is None

    def text(self, column: Column) -> str:
        """As shown: rounded, with its unit; text as it is; a dash where there is nothing."""
        if self.value is None:
            return "–"
        if isinstance(self.value, str):
            return self.value
        return rounded(self.value, column, self.signed, self._digits(column)) + column.unit

    def interval(self, column: Column) -> str:
        """Its interval as shown; empty without one."""
        if self.low is None or self.high is None:
            return ""
        between = " to " if self.signed or self.low < 0 else "–"
        return between.join(rounded(end, column, self.signed, self._digits(column)) for end in (self.low, self.high))

    def beside(self, column: Column) -> str:
        """The paper's number and what separates ours from it; empty without one."""
        if self.paper is None or not isinstance(self.value, int | float):
            return ""
        digits = column.digits or 0
        return f"paper {rounded(self.paper, column, False, digits)} ({rounded(self.value - self.paper, column, True, digits)})"

    def _digits(self, column: Column) -> int:
        """Those of the column; of a difference as many as it takes, up to 6, to see on which side of 0 its interval ends."""
        digits = column.digits or 0
        ends = [abs(end * column.scale) for end in (self.low, self.high) if end] if self.signed else []
        while digits < 6 and any(end < 0.5 * 10.0**-digits for end in ends):
            digits += 1
        return digits


def rounded(value: float, column: Column, signed: bool, digits: int) -> str:
    """A number in its column's scale, without the sign of a zero."""
    text = f"{value * column.scale:.{digits}f}"
    if float(text) == 0:
        return text.removeprefix("-")
    return f"+{text}" if signed and value > 0 else text


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


_NO_WAY = "the code it steers to is not told apart from the floor"
_NOTHING = {
    "t_map_share": "the best code is not told apart from the floor",
    "robustness_untargeted": "clean MAP is not told apart from the floor",
    "robustness_targeted": "the best code is not told apart from the floor",
}
"""Why a share is missing: it would be of nothing."""


def measured(cell: CellResult, metric: str, paper: float | None = None) -> Entry:
    """A metric of a cell, timings among them."""
    row = cell.row(metric)
    if row is None:
        return Entry(why=why_missing(cell, metric))
    return Entry(row.value, row.low, row.high, paper, _NOTHING.get(metric, _NO_WAY) if row.value is None else "")


def why_missing(cell: CellResult, metric: str = "t_map") -> str:
    """Why a cell has no such number, in a line."""
    if cell.status != "ok":
        return f"{cell.status}: {cell.cause}"
    if metric.startswith(("t_map_aim", "t_map_share")) and cell.value("t_map") is not None:
        return "it steers to no code"
    return "not measured in this run"
