"""Runs a plan: measures cell by cell, writes results and reports."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from hashbench.disk.files import check_writable
from hashbench.engine.engine import Engine
from hashbench.engine.executors.shard import Shard
from hashbench.engine.executors.worker import FailedElsewhere
from hashbench.engine.machine.precision import Precisions
from hashbench.engine.machine.timeout import CellTimeout, time_limit
from hashbench.engine.planning.cell import Cell, in_order
from hashbench.engine.planning.plan import Plan
from hashbench.engine.running.scoring import measure_cell
from hashbench.engine.running.tables import finished
from hashbench.engine.stages.stage import Stage, reachable
from hashbench.errors import StoreError, UserError
from hashbench.results.cell import CellResult
from hashbench.results.results import Results
from hashbench.results.run import RunFacts
from hashbench.results.writing import write_results

Say = Callable[[str], None]
Ahead = Callable[[Sequence[Stage[object]], Engine, frozenset[Precisions]], None]
"""Makes stages elsewhere, before cells are measured here; what they compute in, for the workers to be asked."""


def run_plan(
    plan: Plan, engine: Engine, out: Path, command: str, say: Say, ahead: Ahead | None = None
) -> tuple[Results, list[Path]]:
    """Results of every cell and the report files. A cell's failure is recorded and the others go on.

    Raises UserError, having written nothing into `out`, where the data is unusable or no cell can run for a reason of the user's.
    """
    check_out(plan, out)
    _prepare(plan.cells, engine, ahead)
    made: dict[Cell, CellResult] = {}
    mistakes = []
    stands_on = {cell: set(reachable(cell.wanted())) for cell in plan.cells}
    uses = Counter(stage for stages in stands_on.values() for stage in stages)
    for cell in in_order(list(plan.cells)):
        say(f"[{len(made) + 1}/{len(plan.cells)}] {cell.title}")
        made[cell], mistake = _try_cell(engine, cell, partial(measure_cell, engine, cell, plan.benchmarks))
        mistakes += [mistake] if mistake else []
        if made[cell].status != "ok":
            say(f"{made[cell].status}: {made[cell].cause}")
        uses.subtract(stands_on[cell])
        engine.let_go(stage for stage in stands_on[cell] if not uses[stage])
    if len(mistakes) == len(made):
        raise mistakes[0]
    cells = finished([made[cell] for cell in plan.cells])
    results = Results([_run_facts(plan, engine, command, cells, out)], cells)
    write_results(results, out)
    return results, _write_reports(plan, results, out)


def make_shard(plan: Plan, engine: Engine, shard: Shard, say: Say) -> int:
    """Make what a share of the cells stands on, in the store. How many cells failed, each of them said."""
    cells = in_order([cell for cell in plan.cells if shard.has(cell)])
    _prepare(cells, engine, None)
    failed = 0
    for i, cell in enumerate(cells):
        say(f"[{i + 1}/{len(cells)}] {cell.title}")
        found, _ = _try_cell(engine, cell, partial(_make, engine, cell))
        if found.status != "ok":
            failed += 1
            say(f"{found.status}: {found.cause}")
    return failed


def _prepare(cells: Sequence[Cell], engine: Engine, ahead: Ahead | None) -> None:
    """What is wrong for all cells shows before the work; then the stages that are made elsewhere."""
    precisions = frozenset(cell.precisions for cell in cells)
    for each in precisions if ahead is None else ():
        each.check(engine.machine.device)
    for stage in dict.fromkeys(stage for cell in cells for stage in (cell.target.pixels, cell.images.targets)):
        engine.get(stage)
    if ahead is not None:
        ahead(engine.missing(stage for cell in cells for stage in cell.wanted()), engine, precisions)


def _make(engine: Engine, cell: Cell) -> CellResult:
    for stage in cell.wanted():
        engine.folder(stage)
    return CellResult(cell.at, "ok", cell.slug)


def check_out(plan: Plan, out: Path) -> None:
    """Raise UserError where `out` can't be written or holds another run's results."""
    check_writable(out)
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


def _try_cell(engine: Engine, cell: Cell, work: Callable[[], CellResult]) -> tuple[CellResult, UserError | None]:
    try:
        with time_limit(engine.machine.cell_timeout):
            return work(), None
    except StoreError:
        raise
    except UserError as mistake:
        return CellResult(cell.at, "skipped", cell.slug, reason=str(mistake)), mistake
    except FailedElsewhere as failure:
        return CellResult(cell.at, "error", cell.slug, reason=str(failure)), None
    except (Exception, SystemExit, CellTimeout):  # noqa: BLE001 - a plugin's crash or exit spoils its own cell only
        return CellResult(cell.at, "error", cell.slug, reason=traceback.format_exc()), None


def _run_facts(plan: Plan, engine: Engine, command: str, cells: list[CellResult], out: Path) -> RunFacts:
    own = {
        "name": out.resolve().name,
        "plan": plan.key,
        "command": command,
        "config": plan.asked,
        "suites": plan.suites,
        "cells": [cell.slug for cell in cells],
    }
    return RunFacts.model_validate(own | engine.environment)


def _write_reports(plan: Plan, results: Results, out: Path) -> list[Path]:
    """The report files, the first to open first. Raises UserError once all that can be are written."""
    files: list[Path] = []
    mistakes: list[UserError] = []
    for report in plan.reports:
        try:
            files += report.plugin.render(results, out)
        except UserError as mistake:
            mistakes.append(mistake)
        except Exception as error:  # noqa: BLE001 - a plugin's mistake costs its own report
            said = f"{report.text} failed ({type(error).__name__}: {error})"
            mistakes.append(UserError(f"the report {said}; the results are in {out}: mend it, then make it again."))
    if mistakes:
        raise mistakes[0]
    return files
