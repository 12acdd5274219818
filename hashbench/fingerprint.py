"""A hash of the code behind a plugin, so that an edited plugin is never answered from the store."""

from __future__ import annotations

import ast
import hashlib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

CORE = (
    ["attack", "budget", "goal", "hasher", "iterative", "products", "run", "targets", "victim"]
    + ["data/images", "data/pipelines", "data/split"]
    + [f"engine/{name}" for name in ("aiming", "attacking", "checks", "enforce", "seeds", "sources", "targets", "victims")]
)
"""The core's files that make what is kept: a change in one of them makes everything anew."""


def code_hash(plugin: Any) -> str:
    """SHA-256 over the file of a plugin's class, the siblings it imports relatively, and the core, in order of path."""
    return _class_hash(plugin if isinstance(plugin, type) else type(plugin))


@cache
def _class_hash(cls: type[Any]) -> str:
    seen = {Path(__file__).parent / f"{name}.py" for name in CORE}
    _collect(Path(inspect.getfile(cls)).resolve(), seen)
    digest = hashlib.sha256()
    for path in sorted(seen):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _collect(path: Path, seen: set[Path]) -> None:
    if path in seen or not path.is_file():
        return
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.ImportFrom) and node.level):
            continue
        base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        for candidate in (base, *(base / alias.name for alias in node.names)):
            _collect(candidate.with_suffix(".py"), seen)
            _collect(candidate / "__init__.py", seen)
