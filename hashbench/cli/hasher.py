"""`hashbench hasher train|export|import|push|pull|show`: hashers trained, published, taken over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hashbench.cli.options import WHICH_HASHER, options
from hashbench.python.how import How, store_folder

if TYPE_CHECKING:
    from hashbench.engine.engine import Engine
    from hashbench.engine.stages.hasher import HasherStage


@click.group("hasher", help="Train a hasher, publish it with a card, take over one that others published.")
def command() -> None:
    pass


@command.command("train", help="Train a hasher, or find it in the store, and print its MAP.")
@options(*WHICH_HASHER, "device", "batch-size", "decoders", "store", one=True)
def train(**asked: Any) -> None:
    from hashbench.engine.publishing.exported import clean_map

    engine, choice = _choice(asked)
    value, low, high = clean_map(engine, choice)
    on = f"{choice.label} on {choice.pixels.source.name}, seed {choice.seed_of_run}"
    click.echo(f"{on}: MAP {value:.3f} [{low:.3f}, {high:.3f}]")


@command.command("export", help="Write a hasher and its card into the folder OUT; it is trained where the store has none.")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="What it is called.  [default: the name of OUT]")
@click.option("--model", metavar="NAME", help="A network of your own instead, as hashbench run takes it.")
@options(*WHICH_HASHER, "device", "batch-size", "decoders", "store", one=True)
def export(out: Path, name: str | None, model: str | None, **asked: Any) -> None:
    from hashbench.engine.publishing.card import check_name
    from hashbench.engine.publishing.exported import export_hasher

    name = name or out.resolve().name
    check_name(name)
    engine, choice = _choice(asked, model)
    sha256 = export_hasher(engine, choice, name, out)
    click.echo(f"{out}: hasher '{name}', card sha256 {sha256}")
    click.echo("publish that sum beside it; others run hashbench hasher import on the folder")


@command.command("import", help="Check a published hasher in FOLDER and keep it; then: hashbench run --imported NAME.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="What it is called here.  [default: the name on its card]")
@options("store")
def import_(folder: Path, name: str | None, store: str | None) -> None:
    keep(folder, name, store)


def keep(folder: Path, name: str | None, store: str | None, of: str = "") -> None:
    """Keep a published hasher in the store, and say what attacks it."""
    from hashbench.engine.publishing.imported import import_hasher
    from hashbench.engine.store.store import Store

    kept = import_hasher(folder, Store(store_folder(store)).root, name)
    click.echo(f"imported '{kept}'{of}: hashbench run --imported {kept} --attack ... attacks it")


@command.command("pull", help="Take a hasher from a model hub and keep it: hf://USER/NAME@REVISION.")
@click.argument("hub")
@click.option("--name", help="What it is called here.  [default: the name on its card]")
@click.option("--pin", is_flag=True, help="Refuse a revision that is no commit, since others can be moved.")
@options("store")
def pull(hub: str, name: str | None, pin: bool, store: str | None) -> None:
    import tempfile

    from hashbench.engine.publishing import hub as hubs

    with tempfile.TemporaryDirectory() as folder:
        commit = hubs.pull(hubs.hub_name(hub), Path(folder), pin)
        keep(Path(folder), name, store, f" of commit {commit}")


@command.command("push", help="Send a hasher, an imported one or a folder of hasher export, to a model hub: hf://USER/NAME.")
@click.argument("hasher")
@click.argument("hub")
@options("store")
def push(hasher: str, hub: str, store: str | None) -> None:
    from hashbench.engine.publishing import hub as hubs
    from hashbench.engine.publishing.imported import find_card

    name = hubs.hub_name(hub)
    commit = hubs.push(find_card(hasher, store_folder(store)), name)
    click.echo(f"sent to hf://{name.repository}@{commit}")


@command.command("show", help="The card of an imported hasher, or of a folder with one; without NAME the imported ones.")
@click.argument("name", required=False)
@options("store")
def show(name: str | None, store: str | None) -> None:
    from hashbench.engine.publishing.card import read_card
    from hashbench.engine.publishing.imported import find_card, imported_folders

    root = store_folder(store)
    for folder in [find_card(name, root)] if name else imported_folders(root):
        card, sha256 = read_card(folder)
        click.secho(
            f"{folder.name if not name else card.name}: {card.said}",
            bold=True,
        )
        if name:
            click.echo(json.dumps(card.model_dump() | {"card_sha256": sha256}, indent=1))


def _choice(asked: dict[str, Any], model: str | None = None) -> tuple[Engine, HasherStage]:
    """Engine and hasher of the options."""
    from hashbench.engine.planning.config import Config
    from hashbench.engine.planning.plan import one_hasher
    from hashbench.python.machine import engine_of, resolving

    engine = engine_of(How(device=asked["device"], decoders=asked["decoders"], store=asked["store"]), asked["batch_size"])
    listed = {"hashers": "hasher", "backbones": "backbone", "bits": "bits", "datasets": "dataset", "seeds": "seed"}
    single = ("data", "split", "skip_broken", "weights", "image_size", "preset", "batch_size")
    given: dict[str, Any] = {field: (asked[name],) for field, name in listed.items() if asked[name] is not None}
    given |= {name: asked[name] for name in single} | ({"models": (model,), "hashers": (), "bits": ()} if model else {})
    return engine, one_hasher(Config((), **given), resolving(engine))
