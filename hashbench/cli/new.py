"""`hashbench new KIND NAME`: a plugin package that works as created."""

from __future__ import annotations

import importlib.util
import keyword
import re
from importlib.resources import files
from pathlib import Path

import click

from hashbench.errors import UnknownName, UserError
from hashbench.plugins import registry

KINDS = {kind.removesuffix("s"): kind for kind in registry.KINDS if kind != "aims"}


@click.command("new", help="Create a plugin package: a file, its entry point, a test. KIND: " + ", ".join(KINDS) + ".")
@click.argument("kind")
@click.argument("name")
def command(kind: str, name: str) -> None:
    if kind not in KINDS:
        raise UnknownName("kind of plugin", kind, KINDS)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UserError(f"'{name}' can't name a package: use small letters, digits and underscores, as in my_{kind}.")
    if keyword.iskeyword(name) or importlib.util.find_spec(name) is not None:
        raise UserError(f"'{name}' is a word or a module of Python's already: give another name, as in my_{kind}.")
    folder = Path(name)
    if folder.exists():
        raise UserError(f"{folder} is there already: give another name, or remove it.")
    words = {
        "name": name,
        "cls": "".join(part.capitalize() for part in name.split("_")),
        "kind": kind,
        "kinds": KINDS[kind],
    }
    for template, target in (
        (f"{kind}.py.txt", folder / f"{name}.py"),
        ("pyproject.toml.txt", folder / "pyproject.toml"),
        ("test.py.txt", folder / f"test_{name}.py"),
    ):
        text = (files("hashbench.cli") / "templates" / template).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        try:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"{target} can't be written ({error.strerror}): go to a folder that can.") from error
    click.echo(f"created {folder}/: edit {folder / f'{name}.py'}, then")
    click.echo(f"  hashbench check ./{name}/{name}.py:{words['cls']}   as it is")
    click.echo(f"  pip install -e ./{name} && hashbench check {name}   by its name")
