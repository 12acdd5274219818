"""`hashbench plan`: the cells of a run, which of their stages are in the store, and how long the rest may take."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import click

from hashbench.cli.how import gathered
from hashbench.cli.run import command as run
from hashbench.cli.run import planned
from hashbench.errors import UserError
from hashbench.python.how import How, store_folder


@gathered
def _plan(how: How, config: Path | None, graph: str | None, **asked: Any) -> None:
    from hashbench.cli.costs import tell_costs
    from hashbench.engine.planning.outlook import outlook, stages_of
    from hashbench.engine.stages.pixels import pixels_unopened

    root = store_folder(how.store)
    plan = planned(how, asked, cache(lambda source: pixels_unopened(source, root / "files")))
    if graph is not None:
        _graph(outlook(root, plan.cells), graph)
        return
    for number, cell in enumerate(plan.cells, 1):
        there, lacking = stages_of(root, cell)
        click.secho(f"[{number}/{len(plan.cells)}] {cell.title}", bold=True)
        click.echo(f"  in the store: {', '.join(there) or 'nothing'}")
        click.echo(f"  to be made: {', '.join(lacking) or 'nothing'}")
    left = [stage for stage in outlook(root, plan.cells) if stage.there < stage.count]
    click.secho(f"To be made for all {len(plan.cells)} cells:" if left else "Nothing is to be made.", bold=True)
    if left:
        tell_costs(left)


def _graph(stages: list[Any], file: str) -> None:
    from hashbench.cli.graph import draw, print_graph

    if file == "-":
        print_graph(stages)
        return
    if not file.endswith((".svg", ".pdf", ".png")):
        raise UserError(f"--graph is '{file}': end it in .svg, .pdf or .png, or give --graph alone to print it.")
    draw(stages, Path(file))
    click.echo(file)


command = click.Command(
    "plan",
    params=[
        *run.params,
        click.Option(
            ["--graph"],
            is_flag=False,
            flag_value="-",
            metavar="[FILE]",
            help="Print the graph of stages: how many, which are there, seconds; or draw it into FILE.svg.",
        ),
    ],
    callback=_plan,
    help="Take the options of hashbench run and run nothing: cells, what the store has of them, seconds the rest took before.",
)
