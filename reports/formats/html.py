"""The HTML report of a run, or of several beside each other: one self-contained file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Report, Results, write_atomically

from ..pages.page import render
from ..pages.view import view


@dataclass(frozen=True)
class HTML(Report):
    """One self-contained page: what the numbers say, tables, charts, pictures, how each number was made"""

    def render(self, results: Results, out: Path) -> list[Path]:
        file = out / ("report.html" if len(results.runs) == 1 else "comparison.html")
        write_atomically(file, render("report.html.j2", **view(results)))
        return [file]
