"""`hashbench table NAME RUN...`: one table of finished runs as text."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from hashbench.cli.options import RUNS, output

FORMATS = {"markdown": ".md", "latex": ".tex", "csv": ".csv"}


@click.command("table", help="A table of the finished runs in the folders RUN..., by name: a suite's (table1), or by-bits, cells")
@click.argument("name")
@RUNS
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), help="[default: by the suffix of --out, else markdown]")
@output("The file to write.  [default: standard output]")
def command(name: str, runs: tuple[Path, ...], kind: str | None, out: Path | None) -> None:
    from hashbench.disk.files import write_atomically
    from hashbench.plugins.configure import with_options
    from hashbench.results.reading import read_results

    by_suffix = {suffix: name for name, suffix in FORMATS.items()}
    kind = kind or by_suffix.get(out.suffix if out else "", "markdown")
    report = with_options("reports", kind, {"table": name})
    results = read_results(*runs)
    with tempfile.TemporaryDirectory() as folder:
        text = "".join(file.read_text(encoding="utf-8") for file in report.render(results, Path(folder)))
    if out is None:
        click.echo(text, nl=False)
    else:
        write_atomically(out, text)
        click.echo(out)
