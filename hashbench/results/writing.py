"""A run written into its folder: cells, tables, run.json."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.numpy import save

from hashbench.disk.files import write_atomically
from hashbench.results.results import Results, csv_text
from hashbench.results.run import RunFacts


def write_results(results: Results, out: Path) -> None:
    """Everything of a run but its reports. run.json comes last: with it the run is finished."""
    for cell in results.cells:
        write_atomically(out / "cells" / f"{cell.slug}.json", cell.json())
        if cell.arrays:
            write_atomically(out / "cells" / f"{cell.slug}.safetensors", save(dict(cell.arrays)))
    write_atomically(out / "results.csv", csv_text(results.table))
    write_atomically(out / "differences.csv", csv_text(results.differences))
    if not results.seed_spread.empty:
        write_atomically(out / "seeds.csv", csv_text(results.seed_spread))
    if not results.transfer.empty:
        write_atomically(out / "transfer.csv", csv_text(results.transfer))
    write_atomically(out / "timings.csv", csv_text(results.timings))
    write_run(results.runs[0], out)


def write_run(facts: RunFacts, out: Path) -> None:
    """run.json alone."""
    write_atomically(out / "run.json", json.dumps(facts.model_dump(by_alias=True), sort_keys=True, indent=1))
