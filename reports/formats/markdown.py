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
        lines = []
        for sentence in summary(results):
            lines += [f"- {flat(sentence.text)}", *(f"  - {flat(one)}" for one in sentence.one_by_one)]
        return "\n".join(lines) + "\n\n"
