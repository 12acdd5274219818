"""`hashbench export RUN...`: one tidy table of any number of runs."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.options import output
from hashbench.errors import UserError


@click.command(
    "export", help="One tidy table of the finished runs in the folders RUN...: a row a run, cell and metric, times among them."
)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(["csv", "parquet", "json"]), default="csv", show_default=True)
@output("The file to write.  [default: standard output]")
@click.option("--schema", is_flag=True, help="The JSON schema of result files instead, for those who write their own.")
def command(runs: tuple[Path, ...], kind: str, out: Path | None, schema: bool) -> None:
    import io
    import json

    import pandas as pd

    from hashbench.results.reading import read_results
    from hashbench.results.results import csv_text

    if schema:
        from hashbench.results.schema import json_schema

        return _write(json.dumps(json_schema(), indent=1, sort_keys=True) + "\n", out, "the schema of result files")
    if not runs:
        raise UserError("nothing to export: give the folders of finished runs.")
    tables = []
    for run in runs:
        results = read_results(run)
        empty = dict.fromkeys(("metric", "value", "low", "high"))
        rows = [
            {"run": str(run), **cell.names, "status": cell.status, "reason": cell.reason, **row}
            for cell in results.cells
            for row in (list(map(dict, (*cell.rows, *cell.timings))) or [empty])
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
    _write(content, out, f"{len(table)} rows")


def _write(content: str | bytes, out: Path | None, what: str) -> None:
    from hashbench.disk.files import write_atomically

    if out is None:
        click.echo(content, nl=False)
    else:
        write_atomically(out, content)
        click.echo(f"{out}: {what}")
