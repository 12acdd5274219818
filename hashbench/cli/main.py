"""`hashbench`: the group, whose commands are imported only when used."""

from __future__ import annotations

import importlib
import sys

import click

from hashbench import __version__
from hashbench.errors import UnknownName, UserError

COMMANDS = {
    "quickstart": "A tour in about a minute: four attacks on a finished hasher, a table, a report.",
    "run": "Train or reuse hashers, attack them, score, and write a report.",
    "plan": "What a run would do: cells, stages in the store, an estimate of the rest.",
    "rank": "MAP, precision and recall of codes that were made elsewhere.",
    "bench": "How fast this machine does what runs are made of.",
    "list": "Show what there is: attacks, aims, hashers, backbones, datasets, benchmarks, reports.",
    "show": "Show a plugin's options, defaults and paper.",
    "suite": "Named experiments: every table and figure of the paper by one command.",
    "zoo": "Finished hashers that come with the repository.",
    "hasher": "Train a hasher, publish it with a card, take over one that others published.",
    "data": "Check a dataset, or fetch the archives of one.",
    "targets": "Draw and describe target files; the floor a protocol's targets give.",
    "new": "Create a plugin package that works as created.",
    "check": "Try a plugin against its contract.",
    "store": "What the store holds and what it stands on; check it, clear it.",
    "export": "One tidy table of any number of finished runs.",
    "report": "Reports of a finished run, or of several beside each other.",
    "table": "One table of finished runs as Markdown, LaTeX or CSV.",
    "figure": "One figure of finished runs for a paper.",
    "submit": "A finished run as an entry that others can check.",
    "verify": "What holds of an entry that others sent.",
    "leaderboard": "A static site that ranks any number of finished runs.",
}


class LazyGroup(click.Group):
    """`--help` and other commands do not import what one command needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"hashbench.cli.{name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise UnknownName("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"auto_envvar_prefix": "HASHBENCH", "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hashbench")
def group() -> None:
    """Benchmark of adversarial attacks on deep-hashing image retrieval."""


def main() -> None:
    """The entry point: a user's mistake is one sentence and exit code 2."""
    try:
        code = group(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except UserError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; what was finished is kept, and the same command goes on from there.", err=True)
        sys.exit(130)
