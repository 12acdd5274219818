"""Figures for papers: vector files at the width of one or two columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hashbench.api import Report, Results, option, write_atomically

from ..charts.look import letter, write
from ..charts.of_results import CHARTS
from .catalogue import charts


@dataclass(frozen=True)
class Figure(Report):
    """Charts of one name for a paper as PDF, SVG or PNG, fonts inside, with what its caption must say beside it"""

    figure: str = option("bars", "a suite's (figure2) or one of: " + ", ".join(CHARTS))
    format: Literal["pdf", "svg", "png"] = option("pdf", "vectors but for png")
    columns: Literal[1, 2] = option(1, "of the paper that it is wide: 3.4 or 7 inches")

    def render(self, results: Results, out: Path) -> list[Path]:
        found = charts(results, self.figure)
        file, caption = out / f"{self.figure}.{self.format}", out / f"{self.figure}.txt"
        write(found, file, self.columns)
        names = [""] if len(found) == 1 else [f"{letter(i)} " for i in range(len(found))]
        said = [f"{name}{chart.title}. {chart.about}" for name, chart in zip(names, found, strict=True)]
        write_atomically(caption, "\n".join(said) + "\n")
        return [file, caption]
