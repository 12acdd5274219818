"""Around every command that runs something: the table at the end, the exit code."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from hashbench.engine.engine import Engine
from hashbench.engine.planning.plan import Plan
from hashbench.engine.running.runner import check_out, run_plan
from hashbench.python.how import How


def execute(plan: Plan, engine: Engine, name: str, how: How) -> None:
    """Run a plan to its table and reports. Exits with 1 where a cell has no number."""
    from rich.console import Console

    from hashbench.cli.terminal import results_table

    folder = Path(how.out) if how.out else Path("runs") / f"{name}-{plan.key[:6]}"
    check_out(plan, folder)
    console = Console(stderr=True)
    command = shlex.join(["hashbench", *sys.argv[1:]])
    results, files = run_plan(plan, engine, folder, command, lambda line: console.print(line, markup=False, highlight=False))
    screen = Console()
    if not screen.is_terminal:
        screen.width = 160  # a file or a pipe has no width that columns must be cut to
    screen.print(results_table(results))
    for file in files[:1]:
        click.echo(f"report: {file}")
    failed = [cell for cell in results.cells if cell.status != "ok"]
    for cell in failed:
        click.echo(f"{cell.status}: {cell.at.attack} on {cell.at.target.label}: {cell.cause}", err=True)
    if failed:
        raise click.exceptions.Exit(1)
