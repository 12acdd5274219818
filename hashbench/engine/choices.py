"""A run's choices: configured plugins with the text that asked for them, and the source of images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from hashbench.contracts.plugin import Plugin, options_of
from hashbench.data.dataset import Dataset
from hashbench.engine.store.store import digest
from hashbench.plugins.configure import with_options
from hashbench.plugins.fingerprint import code_hash
from hashbench.plugins.spec import canonical, parse_spec
from hashbench.typing import Facts

P = TypeVar("P", bound=Plugin, covariant=True)


@dataclass(frozen=True)
class Chosen(Generic[P]):
    """A configured plugin of a kind, and the text it was asked for by. It travels as kind and text, not as a class."""

    kind: str
    text: str
    plugin: P

    @property
    def spelled(self) -> str:
        """Its name as it is written: registered, `module:Class` or `./file.py:Class`."""
        return self.text.partition("[")[0]

    @property
    def name(self) -> str:
        """Its name wherever it lies: of a plugin given as a file, that file's name without its folder."""
        file, colon, cls = self.spelled.partition(":")
        return f"{Path(file).name}:{cls}" if colon and file.endswith(".py") else self.spelled

    @property
    def said(self) -> str:
        """Its text wherever it lies: what randomness is seeded by."""
        if not self.parts:
            return self.name + self.text.removeprefix(self.spelled)
        written = parse_spec(self.text).options
        told = {name: self.parts[name].said if name in self.parts else value for name, value in written.items()}
        options = ",".join(f"{name}={value}" for name, value in told.items())
        return f"{self.name}[{options}]" if options else self.name

    @property
    def work(self) -> str:
        """Its text and a mark of its resolved options: equal work takes equal time."""
        return f"{self.text}#{digest(options_of(self.plugin))[:4]}"

    @cached_property
    def key(self) -> Facts:
        """Its name, resolved options (of files their hashes), and a hash of its code."""
        own = {name: value for name, value in options_of(self.plugin).items() if name not in self.parts}
        facts: Facts = {
            "name": self.name,
            "options": own | dict(self.plugin.inputs()),
            "code": code_hash(self.plugin),
        }
        return facts | ({"parts": {name: part.key for name, part in self.parts.items()}} if self.parts else {})

    @cached_property
    def parts(self) -> Mapping[str, Chosen[Plugin]]:
        """The plugins that options of this one name, by option, each as it was asked for."""
        written = parse_spec(self.text).options
        fields = {one.name: one for one in dataclasses.fields(self.plugin) if "kind" in one.metadata}  # type: ignore[arg-type]
        return {
            name: Chosen(one.metadata["kind"], canonical(written.get(name, str(one.default))), self.plugin.part(name))
            for name, one in fields.items()
        }

    def __reduce__(self) -> tuple[Callable[..., Chosen[Plugin]], tuple[str, str, str, Facts]]:
        file, colon, cls = self.spelled.partition("@")[0].partition(":")
        name = f"{Path(file).resolve()}:{cls}" if file.endswith(".py") else file + colon + cls
        return chosen_again, (self.kind, self.text, name, options_of(self.plugin))


def chosen_again(kind: str, text: str, name: str, options: Facts) -> Chosen[Plugin]:
    """A choice that travelled to another process."""
    return Chosen(kind, text, with_options(kind, name, options))


@dataclass(frozen=True)
class Source:
    """A dataset, the folder it reads and the size of its images."""

    dataset: Chosen[Dataset]
    folder: Path | None
    image_size: int
    skip_broken: bool = False
    """Leave images out that can't be read, and say so in the facts; otherwise the first one ends the run."""

    @property
    def name(self) -> str:
        return self.dataset.text

    @property
    def said(self) -> str:
        """Its name wherever its plugin lies: what randomness is seeded by."""
        return self.dataset.said

    @property
    def identity(self) -> str:
        """The name of the field's data set, whatever plugin reads it."""
        named: str = getattr(self.dataset.plugin, "identity", "")
        return named or self.dataset.name


@dataclass(frozen=True)
class Imported:
    """A published hasher: weights in a folder, and the SHA-256 of their card."""

    name: str
    folder: Path
    card_sha256: str
