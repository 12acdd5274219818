"""Suites: named experiments as TOML files, and which cells they ask for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from hashbench.errors import UnknownName, UserError

KINDS = ("rows", "measures", "matrix", "curves", "retrieved", "sweep")
"""What a suite can show: metrics as rows and hashers as columns; attacks as rows and metrics as columns; a transfer matrix;
precision-recall curves; retrieved images; metrics over an option's values."""
_KEYS = {"title", "about", "suites", "run", "attacks", "show", "quick", "note"}


@dataclass(frozen=True)
class Suite:
    """One experiment: what is run, by preset, and what is shown of it."""

    name: str
    title: str
    about: str
    run: Mapping[str, Any]
    """Options of `hashbench run` by their long names."""
    attacks: Mapping[str, str]
    """Names that `show` uses -> attacks with their options."""
    show: tuple[Mapping[str, Any], ...]
    note: str = ""
    """What stands in for what."""


@dataclass(frozen=True)
class SuiteFile:
    """A suite as written, or a list of suites."""

    name: str
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.content["title"])

    @property
    def about(self) -> str:
        return str(self.content["about"])

    def suites(self, preset: str) -> list[Suite]:
        """The experiments in it, for a preset (`quick` changes what the file says it does)."""
        if "suites" in self.content:
            return [suite for name in self.content["suites"] for suite in load_suite(name).suites(preset)]
        changed = self.content.get("quick", {}) if preset == "quick" else {}
        attacks = {**self.content["attacks"], **changed.get("attacks", {})}
        run = {**self.content["run"], **changed.get("run", {})}
        named = {name: text for name, text in attacks.items() if text}
        return [Suite(self.name, self.title, self.about, run, named, tuple(self.content["show"]), changed.get("note", ""))]


def suite_names() -> list[str]:
    """The built-in suites, in the paper's order."""
    names = sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))
    return sorted(names, key=lambda name: (name == "paper", not name.startswith("table"), name))


def load_suite(text: str) -> SuiteFile:
    """A built-in suite by name, or one's own: a path that ends in .toml. Raises UnknownName or UserError."""
    if text.endswith(".toml"):
        try:
            source = Path(text).read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"the suite {text} can't be read: {error.strerror}.") from error
        name = Path(text).stem
    else:
        if text not in suite_names():
            raise UnknownName("suite", text, suite_names())
        source, name = (_folder() / f"{text}.toml").read_text(encoding="utf-8"), text
    try:
        content = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{text} is not TOML: {error}.") from error
    _check(text, content)
    return SuiteFile(name, content)


def _check(text: str, content: Mapping[str, Any]) -> None:
    unknown = next((key for key in content if key not in _KEYS), None)
    if unknown is not None:
        raise UnknownName(f"key in {text}", unknown, _KEYS)
    wanted = ("title", "about") if "suites" in content else ("title", "about", "run", "attacks", "show")
    missing = next((key for key in wanted if key not in content), None)
    if missing is not None:
        raise UserError(f"{text} has no {missing}.")
    for show in content.get("show", ()):
        if show.get("kind") not in KINDS:
            raise UnknownName(f"kind of show in {text}", str(show.get("kind")), KINDS)
        for row in show.get("rows", ()):
            if row.get("attack", next(iter(content["attacks"]))) not in content["attacks"]:
                raise UnknownName(f"attack of a row in {text}", row["attack"], content["attacks"])


def _folder() -> Any:
    return files("hashbench.benchmarks") / "suites"
