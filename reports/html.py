"""The HTML report: one self-contained file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hashbench.api import Report, Results, write_atomically

from .view import view


@dataclass(frozen=True)
class HTML(Report):
    """One self-contained page: tables with intervals, curves, sample images, how each number was made"""

    def render(self, results: Results, out: Path) -> list[Path]:
        environment = Environment(
            loader=PackageLoader("hashbench.reports"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"number": number, "percent": percent, "svg": Markup}
        page = environment.get_template("report.html.j2").render(view(results))
        file = out / "report.html"
        write_atomically(file, page)
        return [file]


def number(row: dict[str, Any] | None, digits: int = 3, unit: str = "") -> str:
    """A row's value and its interval, or a dash."""
    if row is None or row["value"] is None:
        return "–"
    text = f"{row['value']:.{digits}f}{unit}"
    if row["low"] is None:
        return text
    return Markup("{}<small>{}</small>").format(text, f"{row['low']:.{digits}f}–{row['high']:.{digits}f}")


def percent(row: dict[str, Any] | None) -> str:
    """Like `number`, as a percentage."""
    if row is None or row["value"] is None:
        return "–"
    scaled = {name: None if row[name] is None else 100 * row[name] for name in ("value", "low", "high")}
    return number(scaled, 0, " %")
