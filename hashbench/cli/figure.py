"""`hashbench figure NAME RUN...`: one figure of finished runs for a paper."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from hashbench.cli.options import RUNS, output
from hashbench.errors import UserError

FORMATS = ("pdf", "svg", "png")


@click.command(
    "figure", help="A figure of the finished runs in the folders RUN..., by name: a suite's (figure2), or transfer, bars"
)
@click.argument("name")
@RUNS
@output("The file to write, .pdf, .svg or .png.  [default: NAME.pdf]")
@click.option("--columns", type=click.Choice(["1", "2"]), default="1", show_default=True, help="Of the paper that it is wide.")
def command(name: str, runs: tuple[Path, ...], out: Path | None, columns: str) -> None:
    from hashbench.disk.files import write_atomically
    from hashbench.plugins.configure import with_options
    from hashbench.results.reading import read_results

    file = out or Path(f"{name}.pdf")
    kind = file.suffix.removeprefix(".")
    if kind not in FORMATS:
        raise UserError(f"{file} is no figure's name: end it in .pdf, .svg or .png.")
    report = with_options("reports", "figure", {"figure": name, "format": kind, "columns": int(columns)})
    results = read_results(*runs)
    with tempfile.TemporaryDirectory() as folder:
        made, caption = report.render(results, Path(folder))
        write_atomically(file, made.read_bytes())
        click.echo(file)
        click.echo(caption.read_text(encoding="utf-8"), nl=False)
