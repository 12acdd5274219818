"""The report of a suite: tables and figures in the order the suite gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Report, Results, UserError, write_atomically

from ..pages.layouts import parts
from ..pages.page import render


@dataclass(frozen=True)
class Paper(Report):
    """A suite's tables and figures in its own order, the paper's numbers beside ours where comparable"""

    def render(self, results: Results, out: Path) -> list[Path]:
        if not results.suites:
            raise UserError("the report 'paper' is of a suite: make one with hashbench suite run.")
        sections = [(suite, parts(suite, results)) for suite in results.suites]
        tables = [table for _, found in sections for part in found for table in part.tables]
        page = render(
            "paper.html.j2",
            runs=results.runs,
            sections=sections,
            missing=[cell for cell in results.cells if cell.status != "ok"],
            comparable=any(entry.paper is not None for table in tables for line in table.lines for entry in line.entries),
        )
        file = out / "paper.html"
        write_atomically(file, page)
        return [file]
