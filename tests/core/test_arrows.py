"""The import arrows of the house: the core knows no plugin folder, plugins know only the api, data flows one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("attacks", "hashers", "benchmarks", "reports")
ORDER = ["errors", "data", "hasher", "victim", "attack", "products", "benchmark", "results", "report", "engine", "cli"]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


@pytest.mark.parametrize("path", sorted((ROOT / "hashbench").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_asks_the_registry_and_nothing_looks_back_up(path: Path) -> None:
    parts = path.relative_to(ROOT / "hashbench").with_suffix("").parts
    for name in imports(path):
        head, *rest = name.split(".")
        assert head not in FOLDERS and not (head == "hashbench" and rest and rest[0] in FOLDERS), name
        if head == "hashbench" and rest and rest[0] in ORDER and parts[0] in ORDER:
            assert ORDER.index(rest[0]) <= ORDER.index(parts[0]), f"{parts[0]} imports {name}"


@pytest.mark.parametrize(
    "path", sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_plugins_import_the_core_through_its_public_modules(path: Path) -> None:
    for name in imports(path):
        head, *rest = name.split(".")
        assert head not in FOLDERS, name
        assert head != "hashbench" or rest[0] in ("api", "retrieval"), name
