"""`hashbench zoo list|get`: finished hashers that come with the repository."""

from __future__ import annotations

import click

from hashbench.cli.hasher import keep
from hashbench.cli.options import options


@click.group("zoo", help="Finished hashers that come with the repository: attack one without training.")
def command() -> None:
    pass


@command.command("list", help="Every hasher of the zoo: what it is, its MAP, the SHA-256 of its card, the command that trained it.")
def list_() -> None:
    from hashbench.engine.publishing.card import read_card
    from hashbench.engine.publishing.zoo import zoo, zoo_folder

    for name, entry in zoo().items():
        card, _ = read_card(zoo_folder() / name)
        click.secho(name, bold=True)
        click.echo(f"  {card.said}")
        click.echo(f"  card sha256 {entry.card_sha256}\n  {entry.command}")


@command.command("get", help="Keep a hasher of the zoo in the store, for machines without the repository: --imported NAME.")
@click.argument("name")
@options("store")
def get(name: str, store: str | None) -> None:
    from hashbench.engine.publishing.zoo import zoo_card

    keep(zoo_card(name), name, store)
