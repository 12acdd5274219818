"""`hashbench report RUN...`: reports from results, without running anything."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.run import LIST, listed
from hashbench.errors import UserError


@click.command("report", help="Render the reports of the finished run in the folder RUN again, or of several beside each other.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--report", "reports", **LIST, callback=listed, default=("html",), show_default=True, help="Reports to render.")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path, file_okay=False), help="Where they go.  [default: RUN, where there is one]"
)
def command(runs: tuple[Path, ...], reports: tuple[str, ...], out: Path | None) -> None:
    from hashbench.configure import configure
    from hashbench.reading import read_results

    if out is None and len(runs) > 1:
        raise UserError("the report of several runs belongs to none of their folders: give --out DIR.")
    results = read_results(*runs)
    for name in reports:
        for file in configure("reports", name).render(results, out or runs[0]):
            click.echo(file)
