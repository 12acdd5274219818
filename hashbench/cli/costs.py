"""The cost of a plan in words."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hashbench.engine.planning.outlook import Outlook, total


def tell_costs(stages: Sequence[Outlook]) -> None:
    """A line a kind of stage that is to be made."""
    for stage in stages:
        left = stage.count - stage.there
        known = (
            f"{duration(stage.seconds)} by what this store has measured"
            if stage.unmeasured < left
            else "not measured in this store"
        )
        some = f", {stage.unmeasured} of them not measured" if 0 < stage.unmeasured < left else ""
        click.echo(f"  {left} x {stage.name}: {known}{some}")
    left, unmeasured = sum(stage.count - stage.there for stage in stages), sum(stage.unmeasured for stage in stages)
    if 0 < unmeasured == left:
        click.echo("No estimate: nothing like it was measured in this store.")
    elif unmeasured:
        click.echo(f"More than {duration(total(stages))}: {unmeasured} of {left} were not measured in this store.")
    else:
        click.echo(f"About {duration(total(stages))}.")


def duration(seconds: float) -> str:
    """Minutes, or seconds where there are few."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
