"""`hashbench data check|fetch`: what a dataset holds and whether it is sound; archives with a known checksum."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashbench.cli.options import options
from hashbench.errors import UserError
from hashbench.python.how import How

if TYPE_CHECKING:
    from hashbench.data.check import Findings


@click.group("data", help="Check a dataset, or fetch the archives of one.")
def command() -> None:
    pass


@command.command("check", help="Count, look at every image, and say what is wrong. Exits with 1 where the data is not sound.")
@click.argument("dataset", default="lists")
@options("data", "split", "decoders", "store")
@click.option("--labels-only", is_flag=True, help="Look at lists and labels, not at images.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with sample images.")
def check(
    dataset: str, data: str | None, split: str | None, labels_only: bool, html: Path | None, decoders: int, store: str | None
) -> None:
    from rich.console import Console

    from hashbench.cli.data_page import page, summary
    from hashbench.data.check import check_data
    from hashbench.disk.files import write_atomically
    from hashbench.engine.planning.choosing import choose_source
    from hashbench.python.machine import engine_of

    engine = engine_of(How(device="cpu", decoders=decoders, store=store))
    source, _ = choose_source(dataset, data, split=split)
    index = engine.store.root / "files"
    found = check_data(source.dataset.plugin, source.folder, not labels_only, index, decoders, engine.machine.progress)
    screen = Console()
    if not screen.is_terminal:
        screen.width = 120
    for heading, table in summary(found):
        click.secho(heading, bold=True)
        screen.print(table, highlight=False)
    _tell(found, labels_only)
    if html is not None:
        write_atomically(html, page(found, labels_only))
        click.echo(f"page: {html}")
    if not found.sound:
        raise click.exceptions.Exit(1)


def _tell(found: Findings, labels_only: bool) -> None:
    for problem in found.problems:
        click.secho(f"wrong: {problem}", fg="red")
    for remark in found.remarks:
        click.echo(f"note: {remark}")
    looked = "the images were not looked at" if labels_only else "every image was decoded"
    click.echo(f"{'sound' if found.sound else 'NOT sound'}; {looked}")


@command.command(
    "fetch",
    help="Download and unpack a dataset's archives below DIR/NAME; each is checked by its checksum, where one is published.",
)
@click.argument("name")
@click.option("--data", metavar="DIR", envvar="HASHBENCH_DATA", required=True, help="The folder that holds datasets by name.")
def fetch(name: str, data: str) -> None:
    from hashbench.data.fetch import ON_REQUEST, archives_of, fetch_archive
    from hashbench.python.machine import bars

    if name in ON_REQUEST:
        raise UserError(ON_REQUEST[name])
    folder = Path(data) / name
    for archive in archives_of(name):
        digest = fetch_archive(archive, folder, bars())
        checked = "as published" if archive.md5 else "no checksum is published for it: hashbench data check compares its counts"
        click.echo(f"{archive.name}: MD5 {digest}, {checked}")
    click.echo(f"{name} is in {folder}: hashbench data check {name} --data {data}")
