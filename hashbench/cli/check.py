"""`hashbench check PLUGIN`: the contract, tried."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.errors import UnknownName, UserError
from hashbench.plugins import registry
from hashbench.plugins.spec import parse_spec


@click.command("check", help="Try a plugin against its contract: what is wrong, and what to do.")
@click.argument("plugin")
@click.option("--kind", help="attacks, aims, hashers, ...  [default: the kind that has the name, or that the class is of]")
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="The folder of a dataset that reads one.")
def command(plugin: str, kind: str | None, data: Path | None) -> None:
    from hashbench.testing import FINDINGS
    from hashbench.testing.small import named

    if kind is not None:
        kind = kind if kind in registry.KINDS else f"{kind}s"
        registry.entries(kind)
        _kind_of_class(parse_spec(plugin).name, kind)
    else:
        kind = _kind_of(plugin)
    made = named(kind, plugin)
    if kind == "datasets" and made.needs_folder and data is None:
        raise UserError(f"the dataset '{plugin}' reads a folder: give --data DIR.")
    findings = FINDINGS[kind](made, *((data,) if kind == "datasets" else ()))
    for finding in findings:
        click.echo(str(finding))
    if findings:
        click.echo(f"{plugin}: {len(findings)} rule{'s' if len(findings) > 1 else ''} of the contract of {kind} broken")
        raise click.exceptions.Exit(1)
    click.echo(f"{plugin}: keeps the contract of {kind}")


def _kind_of(text: str) -> str:
    name = parse_spec(text).name
    if ":" in name:
        return _kind_of_class(name)
    if name.endswith(".py"):
        raise UserError(f"{name} is a file: say which class of it, as in {name}:MyAttack.")
    kinds = [kind for kind in registry.KINDS if name in registry.entries(kind)]
    if not kinds:
        raise UnknownName("plugin", name, dict.fromkeys(known for kind in registry.KINDS for known in registry.entries(kind)))
    if len(kinds) > 1:
        raise UserError(f"'{name}' is the name of {' and '.join(kinds)}: say which with --kind.")
    return kinds[0]


def _kind_of_class(name: str, kind: str | None = None) -> str:
    """The kind a class is of by its base; UserError where it is of none, or not of `kind`."""
    from hashbench.engine.planning.kinds import BASES, kinds_of

    own = kinds_of(registry.load(kind or "attacks", name))
    if not own:
        wanted = ", ".join(base.__name__ for base in BASES.values())
        raise UserError(f"{name} is no plugin: make it a subclass of one of hashbench.api's {wanted}.")
    if kind is not None and kind not in own:
        raise UserError(f"{name} is one of the {own[0]}, not of the {kind}: leave --kind out, or give the right one.")
    return own[0]
