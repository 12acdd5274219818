"""The inventory of a store: products, their dependencies, damage, and products that no run can ask for any more."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from hashbench.disk.processes import may_be_alive
from hashbench.engine.store.store import is_sound
from hashbench.errors import UnknownName, UserError
from hashbench.plugins import registry
from hashbench.plugins.fingerprint import code_hash, core_hash
from hashbench.typing import Facts

NOT_STAGES = ("tmp", "partial", "damaged", "files", "imported")
_DIGEST = re.compile(r"[0-9a-f]{20}")
_PARTIAL = re.compile(r"[a-z-]+-[0-9a-f]{20}")
_SET_ASIDE = re.compile(r"[a-z-]+-[0-9a-f]{20}-\d+")
_KINDS = {"backbone": "backbones", "method": "hashers", "hasher": "hashers", "attack": "attacks", "aim": "aims"}


@dataclass(frozen=True)
class Product:
    """One product of the store."""

    path: Path

    @property
    def stage(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.stage}/{self.path.name}"

    @cached_property
    def key(self) -> Facts:
        """Everything it depends on; empty where that can't be read."""
        return _json(self.path / "key.json")

    @cached_property
    def made(self) -> Facts:
        return _json(self.path / "made.json")

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return sum(file.stat().st_size for file in self.path.iterdir())

    @property
    def needs(self) -> frozenset[str]:
        """Digests of the products it is made from."""
        needs = self.key.get("needs")
        return frozenset(map(str, needs.values())) if isinstance(needs, dict) else frozenset()


def products(root: Path) -> list[Product]:
    """All products, by stage and digest. Raises UserError where they can't be listed."""
    try:
        stages = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and folder.name not in NOT_STAGES]
        return [Product(path) for stage in stages for path in _ours(stage, _DIGEST)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"the store {root} can't be read ({error.strerror}): give another --store.") from error


def find(root: Path, text: str) -> Product:
    """The product that `text`, a digest's beginning with or without its stage, names. Raises UserError for none or several."""
    known = products(root)
    found = [product for product in known if product.name == text or product.path.name.startswith(text.rpartition("/")[2])]
    if not found or not text:
        raise UnknownName("product", text, [product.name for product in known][:20])
    if len(found) > 1:
        raise UserError(f"'{text}' is the beginning of {len(found)} products: {', '.join(p.name for p in found[:5])}.")
    return found[0]


def damaged(root: Path) -> Iterator[Product]:
    """Products whose files do not match their checksums."""
    return (product for product in products(root) if not is_sound(product.path))


def unneeded(root: Path, older_than_days: float | None) -> list[tuple[Path, str]]:
    """Paths that may go, and why: drafts of dead processes, set-aside products, and products of code that is gone with all that
    stands on them; with `older_than_days` also products that were made longer ago."""
    found = [
        (path, "the draft of a run that ended")
        for path in sorted((root / "tmp").glob("*-*-*"))
        if not may_be_alive(path.name.rpartition("-")[0])
    ]
    found += [(path, "damaged and set aside") for path in _ours(root / "damaged", _SET_ASIDE)]
    everything = products(root)
    gone = {product.path.name: "made by code that is no longer there" for product in everything if _is_stale(product)}
    if older_than_days is not None:
        limit = time.time() - older_than_days * 86_400
        old = [path for path in _ours(root / "partial", _PARTIAL) if path.stat().st_mtime < limit]
        found += [(path, "state of a run that was not taken up again") for path in old]
        gone |= {p.path.name: f"older than {older_than_days:g} days" for p in everything if p.path.stat().st_mtime < limit}
    grown = True
    while grown:
        above = {p.path.name: "it stands on one of these" for p in everything if p.path.name not in gone and p.needs & gone.keys()}
        grown = bool(above)
        gone |= above
    return [*found, *((product.path, gone[product.path.name]) for product in everything if product.path.name in gone)]


def _ours(folder: Path, names: re.Pattern[str]) -> list[Path]:
    """The folders of a folder that bear a name which a store gives."""
    return [path for path in sorted(folder.glob("*")) if path.is_dir() and names.fullmatch(path.name)]


def remove(paths: Sequence[Path]) -> None:
    """Delete products and leftovers, but those that another process is making. Locks stay: another process may hold one."""
    for path in paths:
        try:
            with FileLock(f"{path}.lock", blocking=False) if _DIGEST.fullmatch(path.name) else nullcontext():
                going = path.with_name(f"{path.name}.going")
                path.rename(going)
                shutil.rmtree(going, ignore_errors=True)
        except (Timeout, FileNotFoundError):
            continue


def _is_stale(product: Product) -> bool:
    """Whether its stage, or a plugin of its key, has other code now. A stage or a plugin that is unknown here is left alone."""
    from hashbench.engine.stages.chain import STAGES

    stage, depends = STAGES.get(product.stage), product.key.get("depends")
    if stage is None:
        return bool(product.key) and "needs" not in product.key  # a layout of before the graph
    if not isinstance(depends, dict) or core_hash(stage.code) != product.key.get("code"):
        return True
    for name, kind in _KINDS.items():
        value = depends.get(name)
        if isinstance(value, dict) and "code" in value and ".py:" not in str(value["name"]):  # a file may lie anywhere
            try:
                if code_hash(registry.load(kind, str(value["name"]).partition("@")[0])) != value["code"]:
                    return True
            except Exception:  # noqa: BLE001 - a stranger's plugin that can't be loaded says nothing about its products
                continue
    return False


def _json(file: Path) -> Facts:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
