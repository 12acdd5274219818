"""`hashbench store list|show|verify|gc`: what is kept, what it stands on, what is damaged, what may go."""

from __future__ import annotations

import json

import click
from rich.filesize import decimal

from hashbench.cli.options import options
from hashbench.python.how import store_folder


@click.group("store", help="What the store holds and what it stands on; check it, clear it.")
def command() -> None:
    pass


@command.command("list", help="Every product with its size, the seconds it took, and the work it was.")
@options("store")
def list_(store: str | None) -> None:
    from hashbench.engine.store.inventory import products

    total = 0
    for product in products(store_folder(store)):
        total += product.size
        seconds = float(str(product.made.get("seconds", 0)))
        click.echo(f"{product.name:<36} {decimal(product.size):>9} {seconds:>9.1f} s  {product.made.get('work', '')}")
    click.echo(f"{decimal(total)} in {store_folder(store)}")


@command.command("show", help="A product by its digest or the beginning of it: its key, what it stands on, what stands on it.")
@click.argument("product")
@options("store")
def show(product: str, store: str | None) -> None:
    from hashbench.engine.store.inventory import find, products

    root = store_folder(store)
    found = find(root, product)
    everything = products(root)
    click.secho(f"{found.name}, {decimal(found.size)}", bold=True)
    click.echo(f"  {found.path}")
    for text, others in (
        ("stands on", [other for other in everything if other.path.name in found.needs]),
        ("needed by", [other for other in everything if found.path.name in other.needs]),
    ):
        for other in others:
            click.echo(f"  {text} {other.name}")
    click.echo(json.dumps(found.key, indent=1))


@command.command("verify", help="Compare every file with its checksum. Exits with 1 where a product is damaged.")
@options("store")
def verify(store: str | None) -> None:
    from hashbench.engine.store.inventory import damaged, products

    root = store_folder(store)
    bad = list(damaged(root))
    for product in bad:
        click.echo(f"damaged: {product.name}: a run that needs it makes it again", err=True)
    click.echo(f"{len(products(root)) - len(bad)} products are sound, {len(bad)} damaged")
    if bad:
        raise click.exceptions.Exit(1)


@command.command("gc", help="Remove what no run can ask for: drafts of dead runs, damaged products, products of code that is gone.")
@click.option("--older-than", type=float, metavar="DAYS", help="And products that were made longer ago.")
@click.option("--dry-run", is_flag=True, help="Say what would go.")
@options("store")
def gc(older_than: float | None, dry_run: bool, store: str | None) -> None:
    from hashbench.engine.store.inventory import remove, unneeded
    from hashbench.errors import UserError

    if older_than is not None and older_than < 0:
        raise UserError(f"--older-than is {older_than:g}: give 0 or more days.")
    root = store_folder(store)
    going = unneeded(root, older_than)
    size = 0
    for path, reason in going:
        size += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        click.echo(f"{path.relative_to(root)}: {reason}")
    if not dry_run:
        remove([path for path, _ in going])
    click.echo(f"{'would free' if dry_run else 'freed'} {decimal(size)}")
