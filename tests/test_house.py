"""The import arrows of the house: rooms are ranked, nothing goes in a circle, plugins know only the api."""

from __future__ import annotations

import ast
import configparser
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "hashbench"
FOLDERS = ("attacks", "hashers", "benchmarks", "reports")
MAY_IMPORT = {
    "errors": set(),
    "typing": set(),
    "retrieval": {"errors", "typing"},
    "disk": {"errors"},
    "plugins": {"errors"},
    "suites": {"errors", "typing", "disk"},
    "protocols": {"errors", "typing", "disk", "retrieval"},
    "results": {"errors", "typing", "disk", "retrieval", "plugins", "suites"},
    "contracts": {"errors", "typing", "disk", "retrieval", "plugins", "protocols", "results"},
    "data": {"errors", "typing", "disk", "plugins", "contracts"},
    "engine": {"errors", "typing", "disk", "retrieval", "plugins", "protocols", "results", "contracts", "data", "suites"},
    "testing": {"errors", "typing", "disk", "retrieval", "plugins", "protocols", "results", "contracts", "data", "engine"},
    "python": {
        *("errors", "typing", "disk", "retrieval", "plugins", "protocols", "results", "contracts", "data", "suites", "engine")
    },
    "cli": {
        "python",
        "errors",
        "typing",
        "disk",
        "retrieval",
        "plugins",
        "protocols",
        "results",
        "contracts",
        "data",
        "suites",
        "engine",
        "testing",
    },
    "api": {"errors", "disk", "retrieval", "plugins", "results", "contracts", "data", "suites"},
}
"""Room -> the rooms it may import. `__init__` holds the version and may be imported by all."""
REPORTS = {
    "numbers": set(),
    "pictures": set(),
    "tables": {"numbers"},
    "charts": {"pictures", "tables"},
    "pages": {"numbers", "pictures", "tables", "charts"},
    "formats": {"numbers", "pictures", "tables", "charts", "pages"},
    "leaderboard": {"numbers", "tables", "charts", "pages"},
}
"""The same for the rooms of reports/."""
FILES = sorted(CORE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The name that a file of the core is imported by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def graph() -> dict[str, set[str]]:
    """Module of the core -> modules of the core it imports, whether at the top, inside a function or for types only."""
    known = {module_of(path): path for path in FILES}
    return {name: {found for found in imports(path) if found in known and found != name} for name, path in known.items()}


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


def test_only_four_files_lie_loose() -> None:
    assert {path.stem for path in CORE.glob("*.py")} == {"__init__", "api", "errors", "typing"}
    assert {room_of(module) for module in graph()} == {"", *MAY_IMPORT}


def test_every_package_is_installed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    folders = {path.parent.relative_to(ROOT) for name in ("hashbench", *FOLDERS) for path in (ROOT / name).rglob("__init__.py")}
    assert listed == {".".join(("hashbench", *folder.parts) if folder.parts[0] in FOLDERS else folder.parts) for folder in folders}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    found = {room_of(used) for module, uses in graph().items() if room_of(module) == room for used in uses}
    assert found - {room, ""} <= MAY_IMPORT[room]


@pytest.mark.parametrize("rooms", [MAY_IMPORT, REPORTS])
def test_rooms_are_ranked(rooms: dict[str, set[str]]) -> None:
    assert set(graphlib.TopologicalSorter(rooms).static_order()) == set(rooms)


@pytest.mark.parametrize("room", REPORTS)
def test_a_room_of_reports_imports_only_what_lies_below_it(room: str) -> None:
    found = set()
    for path in (ROOT / "reports" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                found |= {(node.module or alias.name).split(".")[0] for alias in node.names}
    assert found <= REPORTS[room]
    assert {path.name for path in (ROOT / "reports").glob("*.py")} == {"__init__.py"}


def test_no_file_imports_in_a_circle() -> None:
    files = {module: {use for use in uses if use not in packages(module)} for module, uses in graph().items()}
    try:
        list(graphlib.TopologicalSorter(files).static_order())
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def packages(module: str) -> set[str]:
    """The packages a module lies in: importing one of its files passes through their __init__, which is no arrow."""
    parts = module.split(".")
    return {".".join(parts[:i]) for i in range(1, len(parts))}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_asks_the_registry(path: Path) -> None:
    for name in imports(path):
        head, *rest = name.split(".")
        assert head not in FOLDERS and not (head == "hashbench" and rest and rest[0] in FOLDERS), name


@pytest.mark.parametrize(
    "path", sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_plugins_import_the_core_through_its_public_modules(path: Path) -> None:
    for name in imports(path):
        head, *rest = name.split(".")
        assert head not in FOLDERS, name
        scripts = {"speed", "presets"} & set(path.parts)  # what measures the core is no plugin
        measured = ("engine", "plugins", "suites") if scripts else ()
        assert head != "hashbench" or rest[0] in ("api", "retrieval", *measured), name
