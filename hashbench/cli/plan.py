"""`hashbench plan`: the cells of a run, which of their stages are in the store, and how long the rest may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hashbench.cli.execution import How, gathered, store_folder
from hashbench.cli.run import command as run
from hashbench.cli.run import planned


@gathered
def _plan(how: How, config: Path | None, **asked: Any) -> None:
    from rich.console import Console

    from hashbench.cli.execute import prepare
    from hashbench.cli.progress import Bars
    from hashbench.cli.suite import tell_costs
    from hashbench.engine.choosing import pick_device
    from hashbench.engine.context import Context
    from hashbench.engine.costs import estimate, measured_rates
    from hashbench.engine.preview import ReadOnlyStore, left_work, stages_of

    prepare(how.workers)
    plan = planned(how, asked)
    store = ReadOnlyStore(store_folder(how.store))
    context = Context(store, pick_device(how.device), Bars(Console(stderr=True)), asked["batch_size"], how.workers)
    for number, cell in enumerate(plan.cells, 1):
        stages = stages_of(context, cell)
        missing = [name for name, there in stages.items() if not there]
        click.secho(f"[{number}/{len(plan.cells)}] {cell.title}", bold=True)
        click.echo(f"  in the store: {', '.join(name for name, there in stages.items() if there) or 'nothing'}")
        click.echo(f"  to be made: {', '.join(missing) or 'nothing'}")
    left = left_work(plan, store)
    click.secho(f"To be made for all {len(plan.cells)} cells:" if left else "Nothing is to be made.", bold=True)
    if left:
        tell_costs(estimate(left, measured_rates(store.root)))


command = click.Command(
    "plan",
    params=run.params,
    callback=_plan,
    help="Takes the options of hashbench run and runs nothing: cells, stages in the store, what the rest took before.",
)
