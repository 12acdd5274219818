"""Templates, the filters they share, and what every page carries: its style, its script, and the policy that allows no other."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..charts import palette
from ..charts.look import Chart

_POLICY = ("default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'")


@cache
def environment() -> Environment:
    """Jinja2 with autoescape; an undefined name is an error."""
    made = Environment(
        loader=PackageLoader("hashbench.reports.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = _text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made.globals |= {
        "zip": zip,
        "script": Markup(script),
        "style": Markup(palette.css() + "\n" + _text("style.css")),
        "policy": Markup("; ".join((*_POLICY, f"script-src 'sha256-{digest}'"))),
    }
    made.filters |= {"svg": _inline, "download": _download}
    return made


def render(template: str, **shown: Any) -> str:
    """A page by the name of its template."""
    return environment().get_template(template).render(shown)


def _text(name: str) -> str:
    return (files("hashbench.reports.pages") / "templates" / name).read_text(encoding="utf-8")


def _inline(chart: Chart) -> Markup:
    return Markup(chart.inline())


def _download(text: str, kind: str) -> str:
    """Text as the address of a file inside the page."""
    return f"data:{kind};base64," + base64.b64encode(text.encode()).decode()
