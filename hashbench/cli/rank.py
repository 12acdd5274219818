"""`hashbench rank`: MAP, precision and recall of codes that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashbench.cli.declared import Decorator
from hashbench.cli.options import options, output

if TYPE_CHECKING:
    from hashbench.retrieval.cutoff import Normaliser
    from hashbench.retrieval.ranked import Ranked


def _file(flag: str, help: str, several: bool = False) -> Decorator:
    kind = click.Path(path_type=Path, exists=True, dir_okay=False)
    return click.option(flag, type=kind, required=True, metavar="FILE", help=help, multiple=several)


@click.command("rank")
@_file("--query-codes", "Codes of the queries: .npy or text, a row an image, of -1 and 1 or 0 and 1.")
@_file("--query-labels", "Their labels: .npy or a label list, 0s and 1s or one class number a row.")
@_file("--database-codes", "Codes of the database; again for each of its shards.", several=True)
@_file("--database-labels", "Their labels, shards in the same order.", several=True)
@options("workers", "scheduler")
@click.option("--top", "tops", multiple=True, type=click.IntRange(min=1), help="N of precision@N.  [default: 1, 10, 100, 1000]")
@click.option("--cutoff", type=click.IntRange(min=1), help="MAP of the first N instead of all ranks.")
@click.option(
    "--normaliser",
    type=click.Choice(["hits", "possible"]),
    default="hits",
    show_default=True,
    help="With --cutoff: divide by the relevant items found, or by those possible.",
)
@output("Write table.csv, curve.csv, curve.pdf and curve.svg here.", folder=True)
def command(
    query_codes: Path,
    query_labels: Path,
    database_codes: tuple[Path, ...],
    database_labels: tuple[Path, ...],
    workers: int | None,
    scheduler: str | None,
    tops: tuple[int, ...],
    cutoff: int | None,
    normaliser: Normaliser,
    out: Path | None,
) -> None:
    """MAP with its bounds over tie orders, precision and recall, of codes that were made elsewhere.

    Every mean over queries has its 95 % bootstrap interval.
    """
    from rich.console import Console
    from rich.table import Table

    from hashbench.python.machine import bars
    from hashbench.python.ranking import rank
    from hashbench.retrieval.ranked import TOPS

    found = rank(
        *(query_codes, query_labels, database_codes, database_labels),
        tops=tops or TOPS,
        cutoff=cutoff,
        normaliser=normaliser,
        workers=workers,
        scheduler=scheduler,
        progress=bars(),
    )
    table = Table("metric", "value", "95 % interval")
    for metric, value, low, high in found.table.itertuples(index=False):
        table.add_row(metric, f"{value:.0f}" if low != low else f"{value:.4f}", "" if low != low else f"{low:.4f} to {high:.4f}")
    Console().print(table)
    if out is not None:
        _write(found, out)
        click.echo(f"{out}: table.csv, curve.csv, curve.pdf, curve.svg")


def _write(found: Ranked, out: Path) -> None:
    from hashbench.disk.files import write_atomically
    from hashbench.results.results import csv_text

    write_atomically(out / "table.csv", csv_text(found.table))
    write_atomically(out / "curve.csv", csv_text(found.curve))
    drawn = found.plot()
    for kind in ("pdf", "svg"):
        write_atomically(out / f"curve.{kind}", drawn.encoded(kind))
