"""Around every command that runs something: the table at the end, the exit code."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import click

from hashbench.engine.engine import Engine
from hashbench.engine.executors.shard import Shard
from hashbench.engine.planning.plan import Plan
from hashbench.engine.running.runner import check_out, make_shard, run_plan
from hashbench.python.how import How
from hashbench.python.spreading import ahead_of


def execute(plan: Plan, engine: Engine, name: str, how: How) -> None:
    """Run a plan to its table and reports. Exits with 1 where a cell has no number."""
    from rich.console import Console

    from hashbench.cli.terminal import results_table

    ahead = ahead_of(how, engine.machine.batch_size)
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    if how.shard is not None:
        _execute_shard(plan, engine, Shard.of(how.shard), say)
        return
    folder = Path(how.out) if how.out else Path("runs") / f"{name}-{plan.key[:6]}"
    check_out(plan, folder)
    command = shlex.join(["hashbench", *sys.argv[1:]])
    results, files = run_plan(plan, engine, folder, command, say, ahead)
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


def _execute_shard(plan: Plan, engine: Engine, shard: Shard, say: Callable[[str], None]) -> None:
    failed = make_shard(plan, engine, shard, say)
    count = sum(shard.has(cell) for cell in plan.cells)
    click.echo(f"shard {shard.index}/{shard.count}: {count - failed} of its {count} cells are in {engine.store.root}")
    click.echo("run the same command without --shard once all shards are done: it finds them there, and writes results.")
    if failed:
        raise click.exceptions.Exit(1)
