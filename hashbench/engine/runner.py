"""Runs a plan: prepares the data, measures cell by cell, writes results and reports."""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from hashbench.engine.context import Context
from hashbench.engine.environment import environment
from hashbench.engine.plan import Cell, Plan
from hashbench.engine.scoring import finish_tables, measure_cell
from hashbench.engine.targets import draw_targets
from hashbench.engine.timeout import CellTimeout, time_limit
from hashbench.errors import StoreError, UserError
from hashbench.files import write_atomically
from hashbench.results import SCHEMA, CellResult, Results, csv_text


def run_plan(plan: Plan, context: Context, out: Path, command: str, say: Callable[[str], None]) -> tuple[Results, list[Path]]:
    """Results of every cell and the report files. A cell's failure is recorded and the others go on.

    Raises UserError, having written nothing into `out`, where the data is unusable or no cell can run for a reason of the user's.
    """
    check_out(plan, out)
    for choice in dict.fromkeys(cell.choice for cell in plan.cells):
        draw_targets(context, choice.targets)
    cells, mistakes = [], []
    for number, cell in enumerate(plan.cells, 1):
        say(f"[{number}/{len(plan.cells)}] {cell.title}")
        result, mistake = _try_cell(context, cell, plan)
        cells.append(result)
        mistakes += [mistake] if mistake else []
        if result.status != "ok":
            say(f"{result.status}: {result.cause}")
    if len(mistakes) == len(cells):
        raise mistakes[0]
    finish_tables(cells)
    results = Results([_run_facts(plan, context, command, cells, out)], cells)
    return results, write_results(plan, results, out)


def check_out(plan: Plan, out: Path) -> None:
    """Raise UserError where `out` can't be written or holds another run's results."""
    parent = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not parent.is_dir() or not _writable(parent):
        raise UserError(f"--out {out} is not writable: give a folder that is.")
    file = out / "run.json"
    if file.is_file() and _plan_of(file) != plan.key:
        raise UserError(f"{out} holds the results of another command: give another --out, or delete that folder.")


def _plan_of(file: Path) -> object:
    """The key of the plan whose results lie there; None where the file is damaged."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content.get("plan") if isinstance(content, dict) else None


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _try_cell(context: Context, cell: Cell, plan: Plan) -> tuple[CellResult, UserError | None]:
    try:
        with time_limit(context.cell_timeout):
            return measure_cell(context, cell, plan.benchmarks), None
    except StoreError:
        raise
    except UserError as mistake:
        return CellResult(cell.names, "skipped", cell.slug, reason=str(mistake)), mistake
    except (Exception, SystemExit, CellTimeout):  # noqa: BLE001 - a plugin's crash or exit spoils its own cell only
        return CellResult(cell.names, "error", cell.slug, reason=traceback.format_exc()), None


def _run_facts(plan: Plan, context: Context, command: str, cells: list[CellResult], out: Path) -> dict[str, Any]:
    return {
        "name": out.resolve().name,
        "schema": SCHEMA,
        "plan": plan.key,
        "command": command,
        "config": dict(plan.asked),
        "suites": [dict(suite) for suite in plan.suites],
        "cells": [cell.slug for cell in cells],
        **environment(context),
    }


def write_results(plan: Plan, results: Results, out: Path) -> list[Path]:
    """Everything of a run into `out`: cells, tables, reports. Returns the report files, the first to open first."""
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
    write_atomically(out / "run.json", json.dumps(results.runs[0], sort_keys=True, indent=1))
    files, mistakes = [], []
    for report in plan.reports:
        try:
            files += report.plugin.render(results, out)
        except UserError as mistake:
            mistakes.append(mistake)
    if mistakes:
        raise mistakes[0]
    return files
