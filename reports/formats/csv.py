"""CSV: tables as other programs read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hashbench.api import Results, write_atomically

from ..tables.model import Table
from ..tables.text import to_csv
from .written import Written


@dataclass(frozen=True)
class CSV(Written):
    """The tables as CSV, a file a table, numbers unrounded with their intervals"""

    suffix: ClassVar[str] = ".csv"

    def text(self, found: list[Table]) -> str:
        return to_csv(found)

    def write_all(self, results: Results, found: dict[str, list[Table]], out: Path) -> list[Path]:
        files = [out / "tables" / f"{name}.csv" for name in found]
        for file, some in zip(files, found.values(), strict=True):
            write_atomically(file, self.text(some))
        return files
