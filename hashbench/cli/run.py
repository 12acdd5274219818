"""`hashbench run`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from hashbench.cli.configfile import apply_config
from hashbench.cli.how import execution
from hashbench.cli.options import options
from hashbench.python.how import How

if TYPE_CHECKING:
    from hashbench.engine.planning.plan import Plan, Resolve

_ASKED = (
    *("attack", "hasher", "imported", "model", "backbone", "bits", "dataset", "protocol", "seed", "benchmark", "report"),
    *("data", "split", "skip-broken", "weights", "image-size", "preset", "epsilon", "norm", "queries", "transfer", "targets"),
    *("batch", "precision", "compile"),
)


@click.command("run")
@options(*_ASKED)
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
    from hashbench.cli.running import execute
    from hashbench.python.machine import engine_of, resolving

    plan = planned(how, asked, resolving(engine_of(how)))
    engine = engine_of(how, plan.batch_size)
    for line in plan.models:
        click.echo(line, err=True)
    execute(plan, engine, plan.cells[0].slug.rsplit("-", 1)[0], how)


def planned(how: How, asked: dict[str, Any], resolve: Resolve) -> Plan:
    """The plan of the options of hashbench run."""
    from hashbench.engine.planning.config import Config
    from hashbench.python.running import planned as planned_from

    given = {key: value for key, value in asked.items() if value not in (None, ())}
    if asked["imported"] or asked["models"]:
        given = {key: value for key, value in given.items() if key not in ("hashers", "bits") or _written(key)}
    return planned_from(Config(**{"attacks": (), **given}), how, resolve)


def _written(name: str) -> bool:
    """Whether the user set an option, by flag, environment or file."""
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT
