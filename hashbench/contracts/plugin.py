"""The base of every plugin: a frozen dataclass whose fields are its options."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar


class Plugin:
    """Base of all seven kinds. Subclasses are frozen dataclasses; the first line of their docstring is what `list` shows."""

    paper: ClassVar[str] = ""
    """Where the method comes from."""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Named sets of options; 'quick' is applied by `--preset quick`, any other by `name[preset=...]`."""

    def part(self, name: str) -> Any:
        """The plugin that the option `name`, made by `inner`, names."""
        from hashbench.plugins.configure import configure

        return configure(kind_of(self, name), getattr(self, name))

    def inputs(self) -> Mapping[str, str]:
        """Hashes of files that the options name, by option: part of every key. Raises UserError where one is not there."""
        return {}


def option(default: Any, help: str) -> Any:
    """A dataclass field that is an option: its default, and the help text that `hashbench show` prints."""
    return dataclasses.field(default=default, metadata={"help": help})


def inner(kind: str, default: str, help: str) -> Any:
    """An option that names a plugin of a kind, with its options: `--hasher 'saat[method=dpsh[epochs=20]]'`.

    A run's preset holds for that one too, and what the option is set to spells all of its options out.
    """
    return dataclasses.field(default=default, metadata={"help": help, "kind": kind})


def kind_of(plugin: Any, name: str) -> str:
    """The kind that an option made by `inner` is of."""
    return str(next(field.metadata["kind"] for field in dataclasses.fields(plugin) if field.name == name))


def options_of(plugin: Any) -> dict[str, Any]:
    """The resolved options of a plugin instance, ready for JSON."""
    return dataclasses.asdict(plugin)
