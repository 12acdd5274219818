"""Markdown: the summary and the tables, to paste into an issue or a README."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hashbench.api import Results

from ..pages.words import summary
from ..tables.model import Table
from ..tables.text import flat, to_markdown
from .written import Written


@dataclass(frozen=True)
class Markdown(Written):
    """The summary and the tables as Markdown"""

    suffix: ClassVar[str] = ".md"

    def text(self, found: list[Table]) -> str:
        return "\n".join(to_markdown(table) for table in found)

    def head(self, results: Results) -> str:
        return "\n".join(f"- {flat(sentence.text)}" for sentence in summary(results)) + "\n\n"
