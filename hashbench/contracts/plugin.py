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

    def inputs(self) -> Mapping[str, str]:
        """Hashes of files that the options name, by option: part of every key. Raises UserError where one is not there."""
        return {}


def option(default: Any, help: str) -> Any:
    """A dataclass field that is an option: its default, and the help text that `hashbench show` prints."""
    return dataclasses.field(default=default, metadata={"help": help})


def options_of(plugin: Any) -> dict[str, Any]:
    """The resolved options of a plugin instance, ready for JSON."""
    return dataclasses.asdict(plugin)
