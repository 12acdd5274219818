"""A hash of code by what it does: comments, docstrings, annotations and the place it is installed in do not change it."""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

Tree = str | list["Tree"]
_UNHASHED = ("annotation", "returns", "ctx", "type_comment", "type_params", "kind")
_CORE = Path(__file__).parents[1]
_BARE = ("hashbench.contracts.plugin",)
"""Bases that hold no behaviour: changing them changes no product."""


def code_hash(plugin: object) -> str:
    """A hash of the module of a plugin's class, of what that imports from its own package, and of the classes it extends."""
    return _class_hash(plugin if isinstance(plugin, type) else type(plugin))


def module_hash(module: ModuleType) -> str:
    """A hash of a module and of what it imports from its own package, or from beside it."""
    found: dict[str, Path] = {}
    package = Package.of(module)
    package.collect(package.name_of(module), found)
    return _digest(found)


@cache
def core_hash(modules: tuple[str, ...]) -> str:
    """A hash of modules of the core, named below `hashbench`: `engine.stages.trunk`."""
    return _digest({name: _file(_CORE.joinpath(*name.split("."))) or Path(name) for name in modules})


@cache
def _class_hash(cls: type) -> str:
    found: dict[str, Path] = {}
    own = Package.of(cls).inside
    for base in cls.__mro__:
        if base.__module__.startswith("hashbench.contracts."):
            if base.__module__ not in _BARE:
                found[base.__module__] = Path(inspect.getfile(base))
        elif base.__module__.startswith(("hashbench.", "hashbench_file_", own)):
            package = Package.of(base)
            package.collect(package.name_of(base), found)
    for module in sorted({module for path in [*found.values()] for module in _core_work(path)}):
        Package(_CORE, module.rpartition(".")[0], alone=True).collect(module, found)
    return _digest(found)


def _core_work(path: Path) -> Iterator[str]:
    """Modules of the core that define what a plugin's file imports from the api, of those that no stage names as its code."""
    api = sys.modules.get("hashbench.api")
    for name in _imports(path, ""):
        if name.startswith("hashbench.api."):
            module = str(getattr(getattr(api, name.rpartition(".")[2], None), "__module__", ""))
            if module.startswith(_WORK):
                yield module


_WORK = (
    *("hashbench.contracts.descent", "hashbench.contracts.iterative", "hashbench.contracts.ensemble"),
    *("hashbench.protocols.", "hashbench.retrieval."),
)


class Package:
    """Modules that belong together with a plugin's: those of its package, and modules that were put beside it."""

    def __init__(self, root: Path, inside: str, alone: bool) -> None:
        """`root`: the folder that the names start from; `inside`: the package whose modules belong to it; `alone`: none beside."""
        self.root = root
        self.inside = inside
        self.alone = alone

    @classmethod
    def of(cls, plugin: type | ModuleType) -> Package:
        name, file = cls.name_of(plugin), Path(inspect.getfile(plugin)).resolve()
        parts = name.split(".")
        inside = ".".join(parts[: 2 if parts[0] == "hashbench" else 1])
        is_package = file.stem == "__init__"
        depth = len(parts) - inside.count(".") - (0 if is_package else 1)
        return cls(file.parents[depth], inside, parts[0] == "hashbench")

    @staticmethod
    def name_of(plugin: type | ModuleType) -> str:
        """The name of its module; of a plugin given as a file, that of the file."""
        module = plugin.__name__ if isinstance(plugin, ModuleType) else plugin.__module__
        return Path(inspect.getfile(plugin)).stem if module.startswith("hashbench_file_") else module

    def collect(self, module: str, found: dict[str, Path]) -> None:
        """Add a module, and all of the package's that it imports, to name -> file."""
        path = self.find(module)
        if module in found or path is None:
            return
        found[module] = path
        package = module if path.stem == "__init__" else module.rpartition(".")[0]
        for name in _imports(path, package):
            self.collect(name, found)

    def find(self, module: str) -> Path | None:
        """The file of a module of the package; None for any other."""
        inside = module == self.inside or module.startswith(f"{self.inside}.")
        if not inside and (self.alone or not self._beside(module.partition(".")[0]) or module.startswith("hashbench.")):
            return None
        names = module.removeprefix("hashbench.").split(".") if self.alone else module.split(".")
        return _file(self.root.joinpath(*names))

    def _beside(self, top: str) -> bool:
        """Whether a top-level module lies beside the plugin's own, and came with it."""
        if _file(self.root / top) is None:
            return False
        if self.root not in {Path(folder).resolve() for folder in sys.path if "packages" in Path(folder).name}:
            return True
        owners = packages_distributions()
        return bool(set(owners.get(top, ())) & set(owners.get(self.inside, ())))


def _file(base: Path) -> Path | None:
    """The file of a module or package."""
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)


def _imports(path: Path, package: str) -> Iterator[str]:
    """Every module that a file may import, by its whole name."""
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (above, node.module or "") if part)
            if base:
                yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name}\0{tree_of(path.read_text(encoding='utf-8'))}\0".encode())
    return digest.hexdigest()[:16]


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def tree_of(source: str) -> str:
    """The syntax tree of a source as text, without positions, docstrings, other bare strings, and annotations."""
    return str(_tree(ast.parse(source)))


def _tree(node: object) -> Tree:
    if isinstance(node, list):
        return [_tree(one) for one in node if not _is_said(one)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if name not in _UNHASHED and value not in (None, []))
    return [type(node).__name__, *([name, _tree(value)] for name, value in fields)]


def _is_said(node: object) -> bool:
    """Whether a statement is a bare string: a docstring, or one that stands for a comment."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
