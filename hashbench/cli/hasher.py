"""`hashbench hasher train|export|import|show`: hashers trained, published, taken over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hashbench.cli.options import DATA, DEVICE, SPLIT, STORE, WEIGHTS, WORKERS


@click.group("hasher", help="Train a hasher, publish it with a card, take over one that others published.")
def command() -> None:
    pass


def _hasher(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which hasher, as for hashbench run."""
    for option in reversed(
        (
            click.option("--hasher", default="dpsh", show_default=True, help="The hashing method."),
            click.option("--backbone", help="[default: convnet on shapes, else vgg11]"),
            click.option("--bits", type=int, default=32, show_default=True, help="Code length, 1 to 256."),
            click.option("--dataset", default="shapes", show_default=True, help="The dataset it is trained on."),
            DATA,
            SPLIT,
            click.option("--skip-broken", is_flag=True, help="Leave images out that can't be read."),
            WEIGHTS,
            click.option("--image-size", type=int, help="Side of the images in pixels."),
            click.option("--preset", metavar="quick|paper", help="[default: quick on shapes, else paper]"),
            click.option("--seed", type=int, default=0, show_default=True),
            DEVICE,
            click.option("--batch-size", type=int, default=64, show_default=True, help="Images hashed at a time."),
            WORKERS,
            STORE,
        )
    ):
        function = option(function)
    return function


@command.command("train", help="Train a hasher, or find it in the store, and print its MAP.")
@_hasher
def train(**asked: Any) -> None:
    from hashbench.engine.imported import clean_map

    context, choice = _choice(asked)
    value, low, high = clean_map(context, choice)
    click.echo(f"{choice.label} on {choice.source.name}, seed {choice.seed}: MAP {value:.3f} [{low:.3f}, {high:.3f}]")


@command.command("export", help="Write a hasher and its card into the folder OUT; it is trained where the store has none.")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="What it is called.  [default: the name of OUT]")
@_hasher
def export(out: Path, name: str | None, **asked: Any) -> None:
    from hashbench.engine.imported import check_name, export_hasher

    name = name or out.resolve().name
    check_name(name)
    context, choice = _choice(asked)
    sha256 = export_hasher(context, choice, name, out)
    click.echo(f"{out}: hasher '{name}', card sha256 {sha256}")
    click.echo("publish that sum beside it; others run hashbench hasher import on the folder")


@command.command("import", help="Check a published hasher in FOLDER and keep it; then: hashbench run --victim NAME.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="What it is called here.  [default: the name on its card]")
@STORE
def import_(folder: Path, name: str | None, store: str | None) -> None:
    from hashbench.cli.execution import store_folder
    from hashbench.engine.imported import import_hasher
    from hashbench.engine.store import Store

    root = Store(store_folder(store)).root
    kept = import_hasher(folder, root, name)
    click.echo(f"imported '{kept}': hashbench run --victim {kept} --attack ... attacks it")


@command.command("show", help="The card of an imported hasher, or of a folder with one; without NAME the imported ones.")
@click.argument("name", required=False)
@STORE
def show(name: str | None, store: str | None) -> None:
    from hashbench.cli.execution import store_folder
    from hashbench.engine.card import read_card
    from hashbench.engine.imported import find_card, imported_folders

    root = store_folder(store)
    for folder in [find_card(name, root)] if name else imported_folders(root):
        card, sha256 = read_card(folder)
        click.secho(
            f"{folder.name if not name else card.name}: {card.method.name} on {card.backbone.name}, {card.bits} bits, "
            f"{card.image_size} px, trained on {card.data.name}, MAP {card.map:.3f} [{card.map_low:.3f}, {card.map_high:.3f}]",
            bold=True,
        )
        if name:
            click.echo(json.dumps(card.model_dump() | {"card_sha256": sha256}, indent=1))


def _choice(asked: dict[str, Any]) -> tuple[Any, Any]:
    """Context and hasher of the options."""
    from rich.console import Console

    from hashbench.cli.execute import prepare
    from hashbench.cli.execution import store_folder
    from hashbench.cli.progress import Bars
    from hashbench.engine.choosing import pick_device
    from hashbench.engine.context import Context
    from hashbench.engine.plan import Config, one_hasher
    from hashbench.engine.store import Store

    prepare(asked["workers"])
    listed = {"hashers": "hasher", "backbones": "backbone", "bits": "bits", "datasets": "dataset", "seeds": "seed"}
    single = ("data", "split", "skip_broken", "weights", "image_size", "preset", "batch_size")
    given: dict[str, Any] = {field: (asked[name],) for field, name in listed.items() if asked[name] is not None}
    choice = one_hasher(Config((), **given, **{name: asked[name] for name in single}))
    device = pick_device(asked["device"])
    store = Store(store_folder(asked["store"]))
    return Context(store, device, Bars(Console(stderr=True)), asked["batch_size"], asked["workers"]), choice
