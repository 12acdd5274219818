"""The report of a suite: tables and figures in the order the suite gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hashbench.api import Report, Results, UserError, write_atomically

from .layouts import layout
from .page import environment


@dataclass(frozen=True)
class Paper(Report):
    """A suite's tables and figures in its own order, the paper's numbers beside ours where comparable"""

    def render(self, results: Results, out: Path) -> list[Path]:
        suites = results.run.get("suites") or []
        if not suites:
            raise UserError("the report 'paper' is of a suite: make one with hashbench suite run.")
        sections = [{**suite, "parts": [layout(suite, show, results) for show in suite["show"]]} for suite in suites]
        missing = [cell for cell in results.cells if cell.status != "ok"]
        parts = [part for section in sections for part in section["parts"]]
        numbers = [number for part in parts for line in part.get("lines", ()) for number in line["numbers"]]
        matrices = [matrix for part in parts if part["kind"] == "matrix" for matrix in part["figures"]]
        comparable = any(number.get("paper") is not None for number in numbers) or any(matrix["papers"] for matrix in matrices)
        page = environment().get_template("paper.html.j2")
        file = out / "paper.html"
        write_atomically(file, page.render(run=results.run, sections=sections, missing=missing, comparable=comparable))
        return [file]
