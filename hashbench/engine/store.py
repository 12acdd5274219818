"""What is kept: each stage's product under a key of everything it depends on, written atomically, never computed twice."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from hashbench.errors import UserError

log = logging.getLogger(__name__)


def canonical(value: Any) -> str:
    """The JSON text that keys are hashed from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Any) -> str:
    """A short hash of a JSON value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:20]


class Store:
    """A folder of stage products. Several runs may share it: each product is made under a lock of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: Counter[str] = Counter()
        self._checked: set[Path] = set()
        try:
            (root / "tmp").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=root / "tmp"):
                pass
        except OSError as error:
            raise UserError(f"the store {root} is not writable ({error.strerror}): give another with --store DIR.") from error

    def product(self, stage: str, key: Mapping[str, Any], make: Callable[[Path], None], work: str = "") -> Path:
        """The folder of a product; `make` fills an empty folder where it is not there yet.

        The seconds it took are kept beside it, under the name of the `work` it was.

        Interrupted or failing work leaves nothing behind. A product whose files do not match their checksums is made again.
        """
        path = self.root / stage / digest(key)
        if self._sound(path):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            if self._sound(path):
                return path
            if path.exists():
                log.warning("the stored product %s is damaged and is made again", path)
                shutil.rmtree(path)
            draft = Path(tempfile.mkdtemp(dir=self.root / "tmp"))
            try:
                start = time.perf_counter()
                make(draft)
                _write_json(draft / "made.json", {"work": work, "seconds": time.perf_counter() - start})
                _write_json(draft / "key.json", {"stage": stage, **key})
                _write_json(draft / "checksums.json", _checksums(draft))
                _sync(draft)
                draft.rename(path)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            self.made[stage] += 1
            self._checked.add(path)
        return path

    def _sound(self, path: Path) -> bool:
        if path in self._checked:
            return True
        try:
            expected = json.loads((path / "checksums.json").read_text())
            sound = bool(expected == _checksums(path))
        except (OSError, ValueError):
            return False
        if sound:
            self._checked.add(path)
        return sound


def _checksums(folder: Path) -> dict[str, str]:
    sums = {}
    for file in sorted(folder.iterdir()):
        if file.name != "checksums.json":
            with file.open("rb") as stream:
                sums[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return sums


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, sort_keys=True, indent=1), encoding="utf-8")


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
