"""`hashbench show KIND NAME`: everything a user can set on a plugin."""

from __future__ import annotations

import dataclasses
import inspect

import click

from hashbench.errors import UserError
from hashbench.plugins import registry


@click.command("show", help="Show a plugin's options, defaults, presets and paper, as in: hashbench show attacks dhta.")
@click.argument("kind")
@click.argument("name", required=False)
def command(kind: str, name: str | None) -> None:
    if name is None:
        raise UserError(f"'show {kind}' lacks a kind or a name: give both, as in: hashbench show attacks dhta.")
    from hashbench.engine.planning.kinds import class_of

    registry.entries(kind)
    cls = class_of(kind, name)
    click.secho(f"{name}: {(inspect.getdoc(cls) or '').splitlines()[0]}", bold=True)
    if cls.paper:
        click.echo(f"paper: {cls.paper}")
    fields = dataclasses.fields(cls)
    click.echo("options:" if fields else "no options")
    for field in fields:
        click.echo(f"  {field.name} = {field.default}  {field.metadata.get('help', '')}")
        click.echo(f"      {field.type}")
    for preset, options in cls.presets.items():
        click.echo(f"preset {preset}: " + ", ".join(f"{key}={value}" for key, value in options.items()))
