"""The options of every command that runs a plan: where, and how patiently."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from hashbench.cli.options import DEVICE, STORE, WORKERS


def store_folder(given: str | None) -> Path:
    """Where products are kept: as given, in HASHBENCH_HOME, or in the user's cache folder."""
    home = given or os.environ.get("HASHBENCH_HOME")
    return Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hashbench"


@dataclass(frozen=True)
class How:
    """How a plan is run: what changes no number but the last."""

    device: str
    workers: int
    out: str | None
    store: str | None
    cell_timeout: float | None
    wait: float
    checkpoint_every: float
    deterministic: bool


def gathered(function: Callable[..., None]) -> Callable[..., None]:
    """A command's function that gets the options of `How` as one `how`."""

    @functools.wraps(function)
    def command(**options: Any) -> None:
        how = How(**{field.name: options.pop(field.name) for field in fields(How)})
        function(how=how, **options)

    return command


def execution(function: Callable[..., None]) -> Callable[..., None]:
    """The options of `How`, for every command that runs a plan; the command gets one `how`."""
    command = gathered(function)
    for option in reversed(
        (
            DEVICE,
            WORKERS,
            click.option("--cell-timeout", type=float, metavar="SECONDS", help="Stop a cell that takes longer; the others go on."),
            click.option("--out", metavar="DIR", help="Where results go.  [default: runs/ and a name of the run's own]"),
            STORE,
            click.option(
                "--wait",
                type=float,
                metavar="SECONDS",
                default=86_400.0,
                show_default=True,
                help="For a stage another process makes.",
            ),
            click.option(
                "--checkpoint-every",
                type=float,
                metavar="SECONDS",
                default=60.0,
                show_default=True,
                help="Keep the state of long stages, so that a killed one goes on.",
            ),
            click.option("--deterministic", is_flag=True, help="An operation without a deterministic algorithm is an error."),
        )
    ):
        command = option(command)
    return command
