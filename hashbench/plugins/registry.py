"""Names -> plugin classes, through entry points in the groups `hashbench.<kind>`, loaded only when used."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from hashbench.errors import UnknownName, UserError

KINDS = ("attacks", "aims", "hashers", "backbones", "datasets", "benchmarks", "reports")


@dataclass(frozen=True)
class Entry:
    """One registered plugin: its name, `module:Class`, and the distribution that brings it."""

    kind: str
    name: str
    target: str
    package: str

    @property
    def built_in(self) -> bool:
        return self.package == "hashbench"


@cache
def entries(kind: str) -> dict[str, Entry]:
    """All plugins of a kind by name. Built-ins win a clash; the other stays reachable as `module:Class`."""
    if kind not in KINDS:
        raise UnknownName("kind of plugin", kind, KINDS)
    found = [
        Entry(kind, point.name, point.value, point.dist.name if point.dist else "?")
        for point in entry_points(group=f"hashbench.{kind}")
    ]
    table: dict[str, Entry] = {}
    for entry in sorted(found, key=lambda e: (not e.built_in, e.package, e.target)):
        table.setdefault(entry.name, entry)
    return dict(sorted(table.items(), key=lambda item: (not item[1].built_in, item[0])))


def load(kind: str, name: str) -> type[Any]:
    """The class behind a name, `module:Class` or `./file.py:Class`.

    Raises UnknownName with the nearest name, or UserError naming the package whose import failed.
    """
    entry = entries(kind).get(name)
    if entry is None and ":" not in name:
        raise _unknown(kind, name)
    module_name, _, class_name = (entry.target if entry else name).partition(":")
    where = f"the {kind.removesuffix('s')} '{name}'" + (f" of package {entry.package}" if entry else "")
    try:
        module = import_file(module_name) if module_name.endswith(".py") else importlib.import_module(module_name)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"{where} could not be imported: {type(error).__name__}: {error}.") from error
    if not hasattr(module, class_name):
        raise UserError(f"{where} could not be loaded: {module_name} has no class '{class_name}'.")
    loaded: type[Any] = getattr(module, class_name)
    return loaded


def _unknown(kind: str, name: str) -> UserError:
    other = next((one for one in KINDS if name in entries(one)), None)
    if other is None:
        return UnknownName(kind.removesuffix("s"), name, entries(kind))
    of, wanted = other.removesuffix("s"), kind.removesuffix("s")
    return UserError(f"'{name}' is {_a(of)}, not {_a(wanted)}: known {kind} are {', '.join(entries(kind))}.")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def import_file(path: str) -> Any:
    """The module of a Python file, imported once. Raises UserError where there is no such file, and what the file raises."""
    file = Path(path).resolve()
    if not file.is_file():
        raise UserError(f"there is no Python file {path}: give the path of one, as in ./mine.py:NAME.")
    name = f"hashbench_file_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} can't be read as a Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def describe(entry: Entry) -> str:
    """The first line of a plugin's docstring, read from its source: nothing is imported."""
    module, _, class_name = entry.target.partition(":")
    spec = _find_without_import(module)
    if spec is None or spec.origin is None:
        return f"(not importable: package {entry.package})"
    try:
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        return f"(not readable: {type(error).__name__}, package {entry.package})"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return (ast.get_docstring(node) or "(no description)").splitlines()[0]
    return f"(no class {class_name} in {module}, package {entry.package})"


def _find_without_import(module: str) -> ModuleSpec | None:
    """find_spec executes parent packages; this walks the finders instead."""
    path: Any = None
    spec: ModuleSpec | None = None
    parts = module.split(".")
    for i in range(len(parts)):
        name = ".".join(parts[: i + 1])
        finders = (finder for finder in sys.meta_path if hasattr(finder, "find_spec"))
        spec = next((found for finder in finders if (found := finder.find_spec(name, path))), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return spec
