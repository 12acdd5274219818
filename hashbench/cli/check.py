"""`hashbench check PLUGIN`: the contract, tried."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench import registry
from hashbench.errors import UnknownName, UserError
from hashbench.spec import parse_spec


@click.command("check", help="Try a plugin against its contract: what is wrong, and what to do.")
@click.argument("plugin")
@click.option("--kind", help="attacks, aims, hashers, ...  [default: the kind that has the name, or attacks]")
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="The folder of a dataset that reads one.")
def command(plugin: str, kind: str | None, data: Path | None) -> None:
    from hashbench.testing import FINDINGS, dataset_findings
    from hashbench.testing.small import named

    kind = kind or _kind_of(plugin)
    made = named(kind, plugin)
    if kind == "datasets" and made.needs_folder and data is None:
        raise UserError(f"the dataset '{plugin}' reads a folder: give --data DIR.")
    findings = dataset_findings(made, data) if kind == "datasets" else FINDINGS[kind](made)
    for finding in findings:
        click.echo(str(finding))
    if findings:
        click.echo(f"{plugin}: {len(findings)} rule{'s' if len(findings) > 1 else ''} of the contract of {kind} broken")
        raise click.exceptions.Exit(1)
    click.echo(f"{plugin}: keeps the contract of {kind}")


def _kind_of(text: str) -> str:
    name = parse_spec(text).name
    kinds = [kind for kind in registry.KINDS if name in registry.entries(kind)]
    if ":" in name:
        return "attacks"
    if not kinds:
        raise UnknownName("plugin", name, [known for kind in registry.KINDS for known in registry.entries(kind)])
    if len(kinds) > 1:
        raise UserError(f"'{name}' is the name of {' and '.join(kinds)}: say which with --kind.")
    return kinds[0]
