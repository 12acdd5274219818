"""`hashbench report RUN...`: reports from results, without running anything."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.options import RUNS, options, output
from hashbench.errors import UserError


@click.command("report", help="Render the reports of the finished run in the folder RUN again, or of several beside each other.")
@RUNS
@options("report")
@output("Where they go.  [default: RUN, where there is one]", folder=True)
def command(runs: tuple[Path, ...], reports: tuple[str, ...], out: Path | None) -> None:
    from hashbench.plugins.configure import configure
    from hashbench.results.reading import read_results

    if out is None and len(runs) > 1:
        raise UserError("the report of several runs belongs to none of their folders: give --out DIR.")
    results = read_results(*runs)
    for name in reports:
        for file in configure("reports", name).render(results, out or runs[0]):
            click.echo(file)
