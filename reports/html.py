"""The HTML report: one self-contained file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Report, Results, write_atomically

from .page import environment
from .view import view


@dataclass(frozen=True)
class HTML(Report):
    """One self-contained page: tables with intervals, curves, sample images, how each number was made"""

    def render(self, results: Results, out: Path) -> list[Path]:
        page = environment().get_template("report.html.j2").render(view(results))
        file = out / "report.html"
        write_atomically(file, page)
        return [file]
