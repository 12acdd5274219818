"""What every command that runs a plan does around it: store, device, progress, the table at the end, the exit code."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click
from rich.console import Console

from hashbench.cli.execution import How, store_folder
from hashbench.cli.progress import Bars
from hashbench.cli.terminal import results_table
from hashbench.engine.choosing import pick_device
from hashbench.engine.context import Context
from hashbench.engine.memory import keep_freed_memory
from hashbench.engine.plan import Plan
from hashbench.engine.runner import check_out, run_plan
from hashbench.engine.store import Store
from hashbench.errors import UserError


def prepare(workers: int) -> None:
    """What comes before a plan is made. Raises UserError for an impossible number of workers."""
    if workers < 1:
        raise UserError(f"--workers is {workers}: give at least 1.")
    keep_freed_memory()


def execute(plan: Plan, name: str, batch_size: int, how: How) -> None:
    """Run a plan to its table and reports. Exits with 1 where a cell has no number."""
    if how.cell_timeout is not None and how.cell_timeout <= 0:
        raise UserError(f"--cell-timeout is {how.cell_timeout:g}: give more than 0 seconds, or leave it out.")
    if how.wait < 0 or how.checkpoint_every < 0:
        raise UserError("--wait and --checkpoint-every are seconds: give 0 or more.")
    chosen = pick_device(how.device)
    folder = Path(how.out) if how.out else Path("runs") / f"{name}-{plan.key[:6]}"
    check_out(plan, folder)
    console = Console(stderr=True)
    store = Store(store_folder(how.store), how.wait, how.checkpoint_every)
    context = Context(store, chosen, Bars(console), batch_size, how.workers, how.cell_timeout, how.deterministic)
    results, files = run_plan(
        plan,
        context,
        folder,
        shlex.join(["hashbench", *sys.argv[1:]]),
        lambda line: console.print(line, markup=False, highlight=False),
    )
    screen = Console()
    if not screen.is_terminal:
        screen.width = 160  # a file or a pipe has no width that columns must be cut to
    screen.print(results_table(results))
    for file in files[:1]:
        click.echo(f"report: {file}")
    failed = [cell for cell in results.cells if cell.status != "ok"]
    for cell in failed:
        click.echo(f"{cell.status}: {cell.names['attack']} on {cell.names['victim']}: {cell.cause}", err=True)
    if failed:
        raise click.exceptions.Exit(1)
