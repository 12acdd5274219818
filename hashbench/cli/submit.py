"""`hashbench submit RUN`: a finished run as an entry that others can check."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.options import options, output
from hashbench.python.how import How


@click.command("submit", help="Pack the finished run in the folder RUN: cells, the very images, targets, hashers with cards.")
@click.argument("run", type=click.Path(path_type=Path))
@output("The folder of the entry.", folder=True, required=True)
@click.option("--images", type=click.IntRange(min=1), help="Pack a draw of this many images a cell instead of all.")
@options("device", "decoders", "store")
def command(run: Path, out: Path, images: int | None, device: str, decoders: int, store: str | None) -> None:
    from hashbench.python.sharing import submit

    packed = submit(run, out, images=images, how=How(device=device, decoders=decoders, store=store))
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    click.echo(f"{out}: {len(packed)} cells, {size / 1e6:.1f} MB; hashbench verify {out} checks it as its readers will")
