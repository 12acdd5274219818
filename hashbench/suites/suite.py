"""Suites: named experiments as TOML files, and which cells they ask for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hashbench.disk.files import read_toml
from hashbench.errors import UnknownName, UserError
from hashbench.suites.schema import Content, Quick, Show, checked
from hashbench.typing import JsonValue


@dataclass(frozen=True)
class Suite:
    """One experiment: what is run, by preset, and what is shown of it."""

    name: str
    title: str
    about: str
    run: Mapping[str, JsonValue]
    """Options of `hashbench run` by their long names."""
    attacks: Mapping[str, str]
    """Names that `show` uses -> attacks with their options."""
    show: tuple[Show, ...]
    note: str = ""
    """What stands in for what."""


@dataclass(frozen=True)
class SuiteFile:
    """A suite as written, or a list of suites."""

    name: str
    content: Content
    folder: Path | None = None
    """Where it was read from, for the suites it names by path."""

    @property
    def title(self) -> str:
        return self.content.title

    @property
    def about(self) -> str:
        return self.content.about

    def suites(self, preset: str, inside: tuple[str, ...] = ()) -> list[Suite]:
        """The experiments in it, for a preset (`quick` changes what the file says it does). `inside`: the lists it is part of."""
        own = self.content
        if own.suites:
            if self.name in inside:
                raise UserError(f"the suite {self.name} contains itself.")
            names = (*inside, self.name)
            return [suite for name in own.suites for suite in load_suite(name, self.folder).suites(preset, names)]
        changed = own.quick if preset == "quick" else Quick()
        named = {name: text for name, text in {**own.attacks, **changed.attacks}.items() if text}
        return [Suite(self.name, self.title, self.about, {**own.run, **changed.run}, named, tuple(own.show), changed.note)]


def suite_names() -> list[str]:
    """The built-in suites, in the paper's order, then those beyond it."""
    names = sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))
    kinds = ("table", "figure", "paper")
    return sorted(names, key=lambda name: (next((i for i, kind in enumerate(kinds) if name.startswith(kind)), len(kinds)), name))


def load_suite(text: str, beside: Path | None = None) -> SuiteFile:
    """A built-in suite by name, or one's own: a path that ends in .toml, from the folder `beside` where it is inside another's.

    Raises UnknownName or UserError.
    """
    if not text.endswith(".toml"):
        if text not in suite_names():
            raise UnknownName("suite", text, suite_names())
        return SuiteFile(text, checked(text, tomllib.loads((_folder() / f"{text}.toml").read_text(encoding="utf-8"))))
    file = Path(text) if beside is None else beside / text
    return SuiteFile(file.stem, checked(str(file), read_toml(file, "the suite")), file.parent)


def _folder() -> Traversable:
    return files("hashbench.benchmarks") / "suites"
