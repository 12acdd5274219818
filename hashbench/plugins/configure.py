"""A plugin instance from its spec: defaults, then presets, then what was written out."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hashbench.errors import BadOption, UnknownName, UserError
from hashbench.plugins import registry
from hashbench.plugins.spec import Spec, parse_spec


def configure(kind: str, text: str | Spec, preset: str | None = None) -> Any:
    """The plugin that `text` names. Options: an explicit one beats the preset (its own, else the run's) beats the default.

    Raises UnknownName, BadOption or UserError, each with one sentence that says what to do.
    """
    spec = parse_spec(text) if isinstance(text, str) else text
    cls = dataclass_of(kind, spec.name)
    written = dict(spec.options)
    own = written.pop("preset", None)
    if own is not None and own not in cls.presets:
        raise UnknownName(f"preset of {spec.name}", own, cls.presets)
    options: dict[str, Any] = dict(cls.presets.get(own or preset, {}))
    missing = sorted(getattr(cls, "__abstractmethods__", ()))
    if missing:
        raise UserError(f"the {kind.removesuffix('s')} '{spec.name}' lacks the method {' and '.join(missing)}: write it.")
    names = [field.name for field in dataclasses.fields(cls)]
    hints = typing.get_type_hints(cls)
    for key, value in written.items():
        if key not in names:
            raise UnknownName(f"option of {spec.name}", key, [*names, *(["preset"] if cls.presets else [])])
        options[key] = _coerce(spec.name, key, value, hints[key])
    for field in dataclasses.fields(cls):
        if "kind" in field.metadata:
            options[field.name] = spelled_out(field.metadata["kind"], options.get(field.name, field.default), preset)
        if field.init and field.name not in options and field.default is field.default_factory is dataclasses.MISSING:
            raise BadOption(f"{spec.name}: its option '{field.name}' has no default: give it one with option(default, help).")
    if isinstance(options.get("seed"), int) and options["seed"] < 0:
        raise BadOption(f"{spec.name}[seed={options['seed']}]: give a seed of 0 or more.")
    try:
        return cls(**options)
    except ValueError as error:
        raise BadOption(f"{spec.name}: {error}") from error


def dataclass_of(kind: str, name: str) -> Any:
    """The class of a plugin. Raises UserError where it is no dataclass."""
    loaded = registry.load(kind, name)
    if not dataclasses.is_dataclass(loaded):
        raise UserError(f"the {kind.removesuffix('s')} '{name}' is not a dataclass: decorate it with @dataclass(frozen=True).")
    return loaded


def spelled_out(kind: str, text: str, preset: str | None = None) -> str:
    """The text of a plugin with all of its options, so that it means the same whatever the preset."""
    plugin = configure(kind, text, preset)
    name = parse_spec(text).name
    options = ",".join(f"{field.name}={_said(getattr(plugin, field.name))}" for field in dataclasses.fields(plugin))
    return f"{name}[{options}]" if options else name


def _said(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def with_options(kind: str, name: str, options: Mapping[str, Any]) -> Any:
    """The plugin `name` with resolved options that were written down as JSON; the others keep their defaults."""
    from pydantic import TypeAdapter, ValidationError

    cls: Any = registry.load(kind, name)
    hints = typing.get_type_hints(cls)
    known = {field.name for field in dataclasses.fields(cls)}
    unknown = next((key for key in options if key not in known), None)
    if unknown is not None:
        raise UnknownName(f"option of {name}", unknown, known)
    try:
        return cls(**{key: TypeAdapter(hints[key]).validate_python(value) for key, value in options.items()})
    except (ValidationError, ValueError, TypeError) as error:
        raise BadOption(f"{name}: its options {dict(options)} are not of this version: {str(error).splitlines()[0]}.") from error


def _coerce(plugin: str, key: str, text: str, hint: Any) -> Any:
    from pydantic import TypeAdapter, ValidationError

    value: Any = None if text.lower() == "none" and type(None) in typing.get_args(hint) else text
    if isinstance(value, str) and float in (hint, *typing.get_args(hint)) and "/" in value:
        value = fraction(value, f"{plugin}[{key}]")
    for meant in typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ():
        value = meant if str(meant) == text else value
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        wanted = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
        raise BadOption(f"{plugin}[{key}={text}] is not a {wanted}: {error.errors()[0]['msg'].lower()}.") from error


def fraction(text: str, what: str) -> float:
    """A number written as 0.03 or 8/255."""
    plain = text.replace(" ", "")
    try:
        value = float(Fraction(plain)) if "/" in plain else float(plain)
        if math.isfinite(value):
            return value
    except (ValueError, ZeroDivisionError, OverflowError):
        pass
    raise BadOption(f"{what} is '{text}': write a number or a fraction such as 8/255.")
