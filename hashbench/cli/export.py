"""`hashbench export RUN...`: one tidy table of any number of runs."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.errors import UserError


@click.command(
    "export", help="One tidy table of the finished runs in the folders RUN...: a row a run, cell and metric, times among them."
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(["csv", "parquet", "json"]), default="csv", show_default=True)
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.  [default: standard output]")
def command(runs: tuple[Path, ...], kind: str, out: Path | None) -> None:
    import io

    import pandas as pd

    from hashbench.files import write_atomically
    from hashbench.reading import read_results
    from hashbench.results import csv_text

    tables = []
    for run in runs:
        results = read_results(run)
        rows = [
            {"run": str(run), **cell.names, "status": cell.status, "reason": cell.reason, **row}
            for cell in results.cells
            for row in ([*cell.rows, *cell.timings] or [{"metric": None, "value": None, "low": None, "high": None}])
        ]
        tables.append(pd.DataFrame(rows))
    table = pd.concat(tables, ignore_index=True)
    content: str | bytes
    if kind == "parquet":
        if out is None:
            raise UserError("parquet is no text for the terminal: give -o FILE.")
        binary = io.BytesIO()
        try:
            table.to_parquet(binary, index=False)
        except ImportError as error:
            raise UserError("parquet needs pyarrow: pip install 'hashbench[parquet]', or take --format csv.") from error
        content = binary.getvalue()
    else:
        content = csv_text(table) if kind == "csv" else table.to_json(orient="records", indent=1) + "\n"
    if out is None:
        click.echo(content, nl=False)
    else:
        write_atomically(out, content)
        click.echo(f"{out}: {len(table)} rows")
