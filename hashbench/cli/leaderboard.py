"""`hashbench leaderboard RUN... -o site`: a static site from any number of results."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.options import RUNS, output


@click.command(
    "leaderboard",
    help="A static site from the finished runs in the folders RUN...: a ranking a data set and protocol version.",
)
@RUNS
@output("The folder of the site.", Path("site"), folder=True)
def command(runs: tuple[Path, ...], out: Path) -> None:
    from hashbench.plugins.configure import configure
    from hashbench.results.reading import read_results

    files = configure("reports", "leaderboard").render(read_results(*runs), out)
    click.echo(f"{files[0]}: {len(files)} pages")
