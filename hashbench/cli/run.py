"""`hashbench run`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from hashbench.cli.configfile import apply_config
from hashbench.cli.execution import How, execution, store_folder
from hashbench.cli.options import DATA, SPLIT, WEIGHTS
from hashbench.errors import UserError
from hashbench.spec import split_outside_brackets

if TYPE_CHECKING:
    from hashbench.engine.plan import Plan

LIST: dict[str, Any] = {"multiple": True, "metavar": "NAME,..."}


def listed(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Callback of an option that repeats and splits at commas."""
    return tuple(part for value in values for part in split_outside_brackets(value))


def numbers(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[int, ...]:
    """The same for whole numbers."""
    try:
        return tuple(int(part) for part in listed(ctx, parameter, values))
    except ValueError as error:
        raise UserError(f"{parameter.opts[0]} takes whole numbers separated by commas, not '{','.join(values)}'.") from error


@click.command("run")
@click.option("--attack", "attacks", **LIST, callback=listed, help="Attacks, with options as in 'dhta[steps=200]'.")
@click.option("--hasher", "hashers", **LIST, callback=listed, default=("dpsh",), show_default=True, help="Hashing methods.")
@click.option("--victim", "victims", **LIST, callback=listed, help="Imported hashers, or folders of hasher export, to attack.")
@click.option("--backbone", "backbones", **LIST, callback=listed, help="Backbones.  [default: convnet on shapes, else vgg11]")
@click.option("--bits", **LIST, callback=numbers, default=("32",), show_default=True, help="Code lengths, 1 to 256.")
@click.option("--dataset", "datasets", **LIST, callback=listed, default=("shapes",), show_default=True, help="Datasets.")
@click.option(
    "--protocol",
    "protocols",
    **LIST,
    callback=listed,
    default=("harmonised",),
    show_default=True,
    help="harmonised, published, another that hashbench targets show names, or a TOML file of your own.",
)
@click.option("--seed", "seeds", **LIST, callback=numbers, default=("0",), show_default=True, help="Seeds.")
@click.option("--benchmark", "benchmarks", **LIST, callback=listed, help="What is measured.  [default: all built-in]")
@click.option("--report", "reports", **LIST, callback=listed, default=("html",), show_default=True, help="Reports to write.")
@DATA
@SPLIT
@click.option("--skip-broken", is_flag=True, help="Leave images out that can't be read, and say so in the results.")
@WEIGHTS
@click.option("--image-size", type=int, help="Side of the images in pixels.  [default: 32 on shapes, else 224, or 64 with quick]")
@click.option(
    "--preset",
    metavar="quick|paper",
    help="Less of everything, for a CPU; or the paper's sizes.  [default: quick on shapes, else paper]",
)
@click.option(
    "--epsilon",
    "epsilons",
    **LIST,
    callback=listed,
    default=("8/255",),
    show_default=True,
    help="L-inf budgets in pixel values of [0, 1].",
)
@click.option("--queries", type=int, help="Attack this many queries, drawn by the seed.  [default: all]")
@click.option("--transfer", is_flag=True, help="Score each attack's images on every other hasher of the run too.")
@click.option("--targets", metavar="FILE", help="A file of hashbench targets make: its queries and targets.")
@click.option("--batch-size", type=int, default=64, show_default=True, help="Images attacked or hashed at a time.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    callback=apply_config,
    help="A TOML file of these options; flags beat it.",
)
@execution
def command(how: How, config: Path | None, **asked: Any) -> None:
    """Train or reuse hashers, run attacks on them, score them and write a report.

    Options that take names repeat, or take several separated by commas: the cells are their product.
    """
    from hashbench.cli.execute import execute, prepare

    prepare(how.workers)
    plan = planned(how, asked)
    execute(plan, plan.cells[0].slug.rsplit("-", 1)[0], asked["batch_size"], how)


def planned(how: How, asked: dict[str, Any]) -> Plan:
    """The plan of the options of hashbench run."""
    from hashbench.engine.imported import find_card
    from hashbench.engine.plan import Config, make_plan

    given = {key: value for key, value in asked.items() if value not in (None, ())}
    if asked["victims"]:
        given["victims"] = tuple(str(find_card(text, store_folder(how.store))) for text in asked["victims"])
        if not _written("hashers"):
            given["hashers"] = ()
    return make_plan(Config(**{"attacks": (), **given}))


def _written(name: str) -> bool:
    """Whether an option was given, on the command line or in a file, or has its default."""
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT
