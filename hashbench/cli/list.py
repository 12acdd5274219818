"""`hashbench list`: names and one-line descriptions, without importing a plugin."""

from __future__ import annotations

import click

from hashbench.plugins import registry


@click.command("list", help="Show what there is, with one line each. KIND: one of " + ", ".join(registry.KINDS) + ".")
@click.argument("kind", required=False)
def command(kind: str | None) -> None:
    for each in (kind,) if kind else registry.KINDS:
        entries = registry.entries(each)
        click.secho(each, bold=True)
        width = max((len(name) for name in entries), default=0)
        for name, entry in entries.items():
            package = "" if entry.built_in else f"  [{entry.package}]"
            click.echo(f"  {name:<{width}}  {registry.describe(entry)}{package}")
