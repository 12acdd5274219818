"""Where and how a command runs: the options of every command that runs a plan, gathered."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hashbench.cli.options import EXECUTION, options


@dataclass(frozen=True)
class How:
    """Where and how a plan runs: device, workers, folders, limits."""

    device: str = "auto"
    workers: int = 1
    memory: str | None = None
    cell_timeout: float | None = None
    out: str | None = None
    store: str | None = None
    wait: float = 86_400.0
    checkpoint_every: float = 60.0
    deterministic: bool = False


def store_folder(given: str | None) -> Path:
    """The folder of the store: as given, HASHBENCH_HOME, or below the user's cache folder."""
    home = given or os.environ.get("HASHBENCH_HOME")
    return Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hashbench"


def gathered(function: Callable[..., None]) -> Callable[..., None]:
    """A command's function that gets the options of `How` as one `how`."""

    @functools.wraps(function)
    def command(**given: Any) -> None:
        function(how=How(**{field.name: given.pop(field.name) for field in fields(How)}), **given)

    return command


def execution(function: Callable[..., None]) -> Callable[..., None]:
    """The options of `How`, for a command that runs a plan; the command gets one `how`."""
    return options(*EXECUTION)(gathered(function))
