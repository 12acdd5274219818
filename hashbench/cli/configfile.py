"""`--config run.toml`: the file's values as defaults of the command's options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hashbench.disk.files import read_toml
from hashbench.errors import UnknownName, UserError


def apply_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Flags beat the file, the file beats defaults. Raises UserError for a file that is no TOML or has an unknown key."""
    if path is None:
        return None
    content = read_toml(path, "--config")
    options = {_key(parameter): parameter for parameter in ctx.command.params if isinstance(parameter, click.Option)}
    defaults: dict[str, Any] = {}
    for key, value in content.items():
        name = key.replace("_", "-")
        if name not in options or name == "config":
            raise UnknownName(f"key in {path}", key, sorted(set(options) - {"config", "help"}))
        parameter = options[name]
        if isinstance(value, dict):
            raise UserError(f"{path}: {key} is a table; write it as a value or a list.")
        if parameter.name is not None:
            defaults[parameter.name] = _as_given(value, parameter)
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return path


def _key(parameter: click.Option) -> str:
    return max(parameter.opts, key=len).removeprefix("--")


def _as_given(value: Any, parameter: click.Option) -> Any:
    if parameter.multiple:
        return [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return str(value)
