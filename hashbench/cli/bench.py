"""`hashbench bench`: how fast this machine does what runs are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashbench.cli.options import options
from hashbench.disk.files import check_writable, write_atomically
from hashbench.errors import UserError

if TYPE_CHECKING:
    from hashbench.engine.measuring.bench import Timed
    from hashbench.engine.measuring.ceilings import Ceilings


@click.command("bench")
@options("attack", "device", "batch-size")
@options("hasher", "backbone", "bits", one=True)
@click.option("--image-size", type=int, default=224, show_default=True, help="Side of the images in pixels.")
@click.option("--images", type=int, default=16, show_default=True, help="How many go through each loop.")
@click.option("--precision", default="fp32,bf16", show_default=True, metavar="NAME,...", help="Each loop in each of these.")
@click.option("--rounds", type=int, default=3, show_default=True, help="Of which the median is shown.")
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The figures as JSON, too.")
def command(
    attacks: tuple[str, ...],
    device: str,
    batch_size: int,
    hasher: str,
    backbone: str | None,
    bits: int,
    image_size: int,
    images: int,
    precision: str,
    rounds: int,
    out: Path | None,
) -> None:
    """Images a second of hashing, training and attacks on this machine, and their share of what it can.

    Networks have random weights and the images are made up: only time and memory mean anything.
    """
    from hashbench.contracts.asking import QueryAttack
    from hashbench.contracts.run import PRECISIONS
    from hashbench.engine.machine.environment import environment
    from hashbench.engine.machine.precision import Precisions, precision_of
    from hashbench.engine.measuring.bench import timed
    from hashbench.engine.measuring.ceilings import ceilings
    from hashbench.engine.measuring.loops import Bench
    from hashbench.engine.planning.choosing import choose
    from hashbench.python.how import How
    from hashbench.python.machine import engine_of

    _at_least_one({"--images": images, "--rounds": rounds, "--image-size": image_size, "--batch-size": batch_size, "--bits": bits})
    if out is not None:
        check_writable(out.parent)
    names = {precision_of(part.strip()) for part in precision.split(",")}
    wanted = tuple(one for one in PRECISIONS if one in names)
    machine = engine_of(How(device=device), batch_size).machine
    for each in wanted:
        Precisions(attacks=each).check(machine.device)
    bench = Bench(
        choose("hashers", hasher, "paper"),
        choose("backbones", backbone or "vgg11[weights=none]", "quick"),
        tuple(choose("attacks", text, "quick") for text in attacks or ("ifgsm", "prosgan")),
        bits,
        image_size,
        images,
    )
    asking = next((chosen.text for chosen in bench.attacks if isinstance(chosen.plugin, QueryAttack)), None)
    if asking is not None:
        raise UserError(
            f"{asking} only asks, and its time is the search engine's: give an attack that follows gradients or trains."
        )
    bench.backbone.plugin.check(image_size)
    found = ceilings(machine, wanted)
    facts = environment(machine)
    done = list(timed(bench, machine, found, rounds))
    _show(done, found, f"{facts['device']}, {facts['threads']} threads; {images} images of {image_size} px")
    if out is not None:
        rows = [
            {**vars(one), "images_per_second": one.rate, "share_of_ceiling": one.share, "over_plain": one.ratio} for one in done
        ]
        content = {"environment": facts, "ceilings": {"flops": found.flops, "copied": found.copied}, "loops": rows}
        write_atomically(out, json.dumps(content, indent=1) + "\n")


def _at_least_one(counts: dict[str, int]) -> None:
    for name, number in counts.items():
        if number < 1:
            raise UserError(f"{name} is {number}: give at least 1.")


def _show(done: list[Timed], found: Ceilings, title: str) -> None:
    """A line for each loop, and the ceilings below."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in ("loop", "precision", "images/s", "GFLOP an image", "share of ceiling", "over plain", "peak memory"):
        table.add_column(heading, justify="left" if heading in ("loop", "precision") else "right", overflow="fold")
    for one in done:
        ratio = "-" if one.ratio is None else f"{one.ratio:.2f}x"
        work = one.operations / one.images / 1e9
        table.add_row(
            one.loop, one.precision, f"{one.rate:.1f}", f"{work:.2f}", f"{one.share:.0%}", ratio, f"{one.memory / 1e9:.3f} GB"
        )
    products = ", ".join(f"{name} {flops / 1e9:,.0f} GFLOP/s" for name, flops in found.flops.items())
    table.caption = f"ceilings: matrix products {products}; copies {found.copied / 1e9:,.1f} GB/s"
    screen = Console()
    if not screen.is_terminal:
        screen.width = 120
    screen.print(table)
