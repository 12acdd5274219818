"""Templates and the filters they share."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def environment() -> Environment:
    """Jinja2 with autoescape; an undefined name is an error."""
    made = Environment(
        loader=PackageLoader("hashbench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "percent": percent, "svg": Markup}
    return made


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
