"""The options of every command that runs a plan, gathered."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from hashbench.cli.options import EXECUTION, options
from hashbench.python.how import How


def gathered(function: Callable[..., None]) -> Callable[..., None]:
    """A command's function that gets the options of `How` as one `how`."""

    @functools.wraps(function)
    def command(**given: Any) -> None:
        function(how=How(**{field.name: given.pop(field.name) for field in fields(How)}), **given)

    return command


def execution(function: Callable[..., None]) -> Callable[..., None]:
    """The options of `How`, for a command that runs a plan; the command gets one `how`."""
    return options(*EXECUTION)(gathered(function))
