"""LaTeX: tables for papers, with booktabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..tables.model import Table
from ..tables.text import to_latex
from .written import Written


@dataclass(frozen=True)
class Latex(Written):
    """The tables as LaTeX floats with booktabs rules; intervals stand in comments"""

    suffix: ClassVar[str] = ".tex"

    def text(self, found: list[Table]) -> str:
        return "\n".join(to_latex(table) for table in found)
