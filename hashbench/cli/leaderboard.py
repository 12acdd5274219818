"""`hashbench leaderboard RUN... -o site`: a static site from any number of results."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "leaderboard",
    help="A static site from the finished runs in the folders RUN...: a ranking a data set and protocol version.",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), show_default=True)
def command(runs: tuple[Path, ...], out: Path) -> None:
    from hashbench.configure import configure
    from hashbench.reading import read_results

    files = configure("reports", "leaderboard").render(read_results(*runs), out)
    click.echo(f"{files[0]}: {len(files)} pages")
