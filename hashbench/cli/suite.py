"""`hashbench suite list|show|run`: named experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from hashbench.cli.execution import How, execution, store_folder
from hashbench.cli.options import DATA, SPLIT, STORE, WEIGHTS
from hashbench.cli.run import LIST, listed, numbers
from hashbench.suites import load_suite, suite_names


@click.group("suite", help="Named experiments: every table and figure of the paper, or your own TOML file.")
def command() -> None:
    pass


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """What may be set over a suite's own values."""
    for option in reversed(
        (
            click.option("--dataset", "datasets", **LIST, callback=listed, help="Datasets.  [default: shapes]"),
            DATA,
            SPLIT,
            click.option("--skip-broken", is_flag=True, default=None, help="Leave images out that can't be read."),
            WEIGHTS,
            click.option("--preset", metavar="quick|paper", help="[default: quick on shapes, else paper]"),
            click.option("--protocol", "protocols", **LIST, callback=listed, help="[default: harmonised, or published with paper]"),
            click.option("--hasher", "hashers", **LIST, callback=listed, help="Instead of the suite's."),
            click.option("--backbone", "backbones", **LIST, callback=listed, help="Instead of the suite's."),
            click.option("--bits", **LIST, callback=numbers, help="Instead of the suite's."),
            click.option("--seed", "seeds", **LIST, callback=numbers, help="Seeds.  [default: 0]"),
            click.option("--image-size", type=int, help="Side of the images in pixels."),
            click.option("--epsilon", "epsilons", **LIST, callback=listed, help="L-inf budgets.  [default: 8/255]"),
            click.option("--queries", type=int, help="Attack this many queries.  [default: all]"),
            click.option("--batch-size", type=int, help="Images attacked or hashed at a time.  [default: 64]"),
        )
    ):
        function = option(function)
    return function


@command.command("list", help="The built-in suites.")
def list_suites() -> None:
    width = max(len(name) for name in suite_names())
    for name in suite_names():
        file = load_suite(name)
        click.echo(f"  {name:<{width}}  {file.title}: {file.about}")


@command.command("show", help="A suite's cells, the work they share, and how long that took before on this machine.")
@click.argument("name")
@_options
@STORE
def show(name: str, store: str | None, **asked: Any) -> None:
    from hashbench.engine.costs import estimate, measured_rates, work_of

    plan = _plan(name, asked)
    for suite in plan.suites:
        click.secho(f"{suite['title']}: {suite['about']}", bold=True)
        if suite["note"]:
            click.echo(f"  {suite['note']}")
        click.echo(f"  {len(suite['cells'])} cells: " + ", ".join(f"{key} = {text}" for key, text in suite["attacks"].items()))
    click.secho(f"All together {len(plan.cells)} cells, which share:", bold=True)
    tell_costs(estimate(work_of(plan), measured_rates(store_folder(store))))


def tell_costs(stages: Mapping[str, tuple[int, float, int]]) -> None:
    """What `estimate` found, a line a stage."""
    from hashbench.engine.costs import STAGES

    for stage, (count, seconds, unknown) in stages.items():
        known = f"{_duration(seconds)} by what this store has measured" if unknown < count else "not measured in this store"
        some = f", {unknown} of them not measured" if 0 < unknown < count else ""
        click.echo(f"  {count} x {STAGES[stage]}: {known}{some}")
    click.echo(f"About {_duration(sum(seconds for _, seconds, _ in stages.values()))}, the unmeasured apart.")


@command.command("run", help="Run a suite to its tables and figures, in the paper's order.")
@click.argument("name")
@_options
@execution
def run(name: str, how: How, **asked: Any) -> None:
    from hashbench.cli.execute import execute, prepare

    prepare(how.workers)
    plan = _plan(name, asked)
    execute(plan, f"{plan.asked['suite']}-{plan.asked['preset']}", plan.asked["batch_size"], how)


def _plan(name: str, asked: dict[str, Any]) -> Any:
    from hashbench.engine.suite_plan import plan_suite

    return plan_suite(load_suite(name), {key: value for key, value in asked.items() if value not in (None, ())})


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
