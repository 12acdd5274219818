"""One option of the command line, and how what is typed is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from hashbench.errors import UnknownName, UserError
from hashbench.plugins.spec import split_outside_brackets

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


@dataclass(frozen=True)
class Declared:
    """An option of the command line."""

    flag: str
    help: str
    field: str = ""
    """What the function gets it as, where that is not the flag."""
    type: type | None = None
    default: Any = None
    said: str = ""
    """What the default is, where it is not one value."""
    metavar: str | None = None
    listed: bool = False
    """Whether it repeats, and takes several values separated by commas."""
    switch: bool = False
    envvar: str | None = None
    word: str = ""
    """A word that may stand in the place of a whole number."""
    choices: tuple[str, ...] = ()
    """The values it can have, where they are few."""

    def option(self, one: bool, bare: bool) -> Decorator:
        """As click has it; `one`: a command that takes a single value, `bare`: one that has no defaults of its own."""
        extra: dict[str, Any] = {"envvar": self.envvar} if self.envvar else {}
        if self.switch:
            return click.option(self.flag, is_flag=True, default=None if bare else False, help=self.help, **extra)
        default = None if bare else self.default
        if self.listed and not one:
            given: dict[str, Any] = {} if default is None else {"default": (str(default),), "show_default": True}
            names = (self.flag, self.field or self.flag.removeprefix("--"))
            callback = _numbers if self.type is int else _texts
            extra |= {"multiple": True, "metavar": "NUMBER,..." if self.type is int else "NAME,...", "callback": callback}
            return click.option(*names, **extra, **given, help=self._helped(bare))
        shown = default is not None
        if self.word:
            extra["callback"] = _number_or(self.word)
        if self.choices:
            extra["callback"] = _one_of(self.flag.removeprefix("--"), self.choices)
        return click.option(
            self.flag,
            type=self.type,
            metavar="|".join(self.choices) or self.metavar,
            default=str(default) if self.word and shown else default,
            show_default=shown,
            help=self._helped(bare),
            **extra,
        )

    def _helped(self, bare: bool) -> str:
        said = self.said or ("" if self.default is None or not bare else f"{self.default}")
        return f"{self.help}  [default: {said}]" if said and (bare or self.default is None) else self.help


def _one_of(name: str, choices: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback that refuses other values with one sentence."""

    def check(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and value not in choices:
            raise UnknownName(name, value, choices)
        return value

    return check


def _number_or(word: str) -> Callable[[click.Context, click.Parameter, str | int | None], str | int | None]:
    """A callback that takes whole numbers and one word."""

    def read(ctx: click.Context, parameter: click.Parameter, value: str | int | None) -> str | int | None:
        try:
            return value if value is None or value == word else int(value)
        except ValueError as error:
            raise UserError(f"{parameter.opts[0]} is '{value}': give a whole number, or {word}.") from error

    return read


def _texts(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for value in values for part in split_outside_brackets(value))


def _numbers(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in _texts(ctx, parameter, values))
    except ValueError as error:
        raise UserError(f"{parameter.opts[0]} takes whole numbers separated by commas, not '{','.join(values)}'.") from error
