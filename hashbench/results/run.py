"""Facts about a run, as run.json holds them beside its cells."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hashbench.results.cell import SCHEMA
from hashbench.suites.schema import Show
from hashbench.typing import Facts


class Shown(BaseModel):
    """A suite as it was run: its tables and figures, and the cells they are of."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str = Field(pattern=r"^[^/\\\x00]{1,200}$")
    title: str
    about: str
    note: str = ""
    attacks: dict[str, str]
    """Names that `show` uses -> attacks with their options."""
    show: list[Show]
    cells: list[str]
    """Slugs."""


class RunFacts(BaseModel):
    """A run as reports get it."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    schema_: int = Field(default=SCHEMA, alias="schema")
    name: str = ""
    """Of its folder."""
    plan: str = ""
    """Equal for equal plans."""
    command: str = ""
    config: Facts = Field(default_factory=dict)
    """What was asked for."""
    suites: list[Shown] = Field(default_factory=list)
    cells: list[str] = Field(default_factory=list)
    """Slugs, in the order of the plan."""
    versions: dict[str, str] = Field(default_factory=dict)
    device: str = "not recorded"
    threads: int | str = "not recorded"
    deterministic: str = "not recorded"
