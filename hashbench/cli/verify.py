"""`hashbench verify ENTRY`: what holds of an entry that others sent."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.options import options, output
from hashbench.python.how import How


@click.command("verify", help="Check the entry in the folder ENTRY: hash its images, draw its targets, compute its numbers again.")
@click.argument("entry", type=click.Path(path_type=Path))
@options("data", "split", "model")
@output("Write a run of what was confirmed here, for hashbench leaderboard.", folder=True)
@options("device", "decoders", "store")
def command(
    entry: Path,
    data: str | None,
    split: str | None,
    models: tuple[str, ...],
    out: Path | None,
    device: str,
    decoders: int,
    store: str | None,
) -> None:
    """Exits with 1 where anything does not hold."""
    from hashbench.python.sharing import verify

    how = How(device=device, decoders=decoders, store=store)
    verdicts = verify(entry, data=data, split=split, models=models, out=out, how=how)
    for verdict in verdicts:
        at = verdict.cell.at
        title = f"{at.attack} on {at.target.label}, {at.dataset}, protocol {at.protocol}, seed {at.seed}"
        if not verdict.faults:
            click.echo(f"holds: {title}: {verdict.checked}")
        for fault in verdict.faults:
            click.echo(f"does not hold: {title}: {fault.rstrip('.')}", err=True)
    click.echo(
        "not checked by anyone: the code steered to and the share of the way, times, images before they were rounded, and metrics"
    )
    click.echo("of other benchmarks than targeted and perceptibility")
    if any(verdict.faults for verdict in verdicts):
        raise click.exceptions.Exit(1)
