"""`hashbench suite list|show|run`: named experiments."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from hashbench.cli.how import execution
from hashbench.cli.options import options
from hashbench.python.how import How, store_folder
from hashbench.suites.suite import load_suite, suite_names

if TYPE_CHECKING:
    from hashbench.engine.planning.plan import Plan, Resolve

_OVER = (
    *("dataset", "data", "split", "skip-broken", "weights", "preset", "protocol", "hasher", "backbone", "bits", "seed"),
    *("image-size", "epsilon", "norm", "queries", "batch-size", "precision", "compile"),
)
"""What may be set over a suite's own values."""


@click.group("suite", help="Named experiments: every table and figure of the paper, or your own TOML file.")
def command() -> None:
    pass


@command.command("list", help="The built-in suites.")
def list_suites() -> None:
    width = max(len(name) for name in suite_names())
    for name in suite_names():
        file = load_suite(name)
        click.echo(f"  {name:<{width}}  {file.title}: {file.about}")


@command.command("show", help="A suite's cells, the work they share, and how long that took before on this machine.")
@click.argument("name")
@options(*_OVER, bare=True, said="the suite's, or that of hashbench run")
@options("store")
def show(name: str, store: str | None, **asked: Any) -> None:
    from hashbench.cli.costs import tell_costs
    from hashbench.engine.planning.outlook import outlook
    from hashbench.engine.stages.pixels import pixels_unopened

    root = store_folder(store)
    plan = _plan(name, asked, cache(lambda source: pixels_unopened(source, root / "files")))
    for suite in plan.suites:
        click.secho(f"{suite.title}: {suite.about}", bold=True)
        if suite.note:
            click.echo(f"  {suite.note}")
        click.echo(f"  {len(suite.cells)} cells: " + ", ".join(f"{key} = {text}" for key, text in suite.attacks.items()))
    click.secho(f"All together {len(plan.cells)} cells, which share:", bold=True)
    tell_costs([replace(stage, there=0) for stage in outlook(root, plan.cells, everything=True)])


@command.command("run", help="Run a suite to its tables and figures, in the paper's order.")
@click.argument("name")
@options(*_OVER, bare=True, said="the suite's, or that of hashbench run")
@execution
def run(name: str, how: How, **asked: Any) -> None:
    from hashbench.cli.running import execute
    from hashbench.python.machine import engine_of, resolving

    engine = engine_of(how, asked["batch_size"] or 64)
    plan = _plan(name, asked, resolving(engine))
    sizes = {cell.images.batch_size for cell in plan.cells}
    execute(plan, engine_of(how, sizes.pop()), f"{plan.asked['suite']}-{plan.asked['preset']}", how)


def _plan(name: str, asked: dict[str, Any], resolve: Resolve) -> Plan:
    from hashbench.engine.planning.suite_plan import plan_suite

    return plan_suite(load_suite(name), {key: value for key, value in asked.items() if value not in (None, ())}, resolve)
