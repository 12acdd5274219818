"""`hashbench report OUT`: reports from results, without running anything."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report", help="Render the reports of the finished run in the folder OUT again.")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--report", "reports", multiple=True, default=("html",), show_default=True, help="Reports to render.")
def command(out: Path, reports: tuple[str, ...]) -> None:
    from hashbench.configure import configure
    from hashbench.results import Results

    results = Results.read(out)
    for name in reports:
        for file in configure("reports", name).render(results, out):
            click.echo(file)
