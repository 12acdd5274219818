"""The store: each stage's product under a key of everything it depends on, written atomically, never computed twice."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hashbench.contracts.checkpoint import Checkpoint
from hashbench.disk.processes import whoami
from hashbench.errors import StoreError
from hashbench.typing import Facts

log = logging.getLogger(__name__)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
PATIENCE = 2.0
"""Seconds of waiting for another process before it is said."""


def canonical(value: object) -> str:
    """The JSON text that keys are hashed from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: object) -> str:
    """A short hash of a JSON value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:20]


class Store:
    """A folder of stage products. Several runs may share it: each product is made once, by whoever comes first."""

    def __init__(self, root: Path, wait: float = 86_400.0, checkpoint_every: float = 60.0) -> None:
        """`wait`: seconds to wait for a product that another process makes; `checkpoint_every`: between states of a long stage."""
        self.root = root
        self.wait = wait
        self.checkpoint_every = checkpoint_every
        self.made: Counter[str] = Counter()
        self._checked: set[Path] = set()
        try:
            (root / "tmp").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=root / "tmp"):
                pass
        except OSError as error:
            raise StoreError(f"the store {root} is not writable ({error.strerror}): give another with --store DIR.") from error

    def place(self, stage: str, key: Facts) -> Path:
        """The folder a product has, or would have."""
        return self.root / stage / digest(key)

    def checkpoint(self, stage: str, key: Facts) -> Checkpoint:
        """The checkpoint of a stage's long loops, removed once its product is there."""
        return Checkpoint(self._partial(self.place(stage, key)), self.checkpoint_every)

    def product(self, stage: str, key: Facts, make: Callable[[Path], float | None], work: str = "") -> Path:
        """The folder of a product; `make` fills an empty folder where it is not there yet.

        `make` returns the seconds that killed runs spent before, if any; all seconds are kept beside the product, under the name of
        the `work` it was. Interrupted or failing work leaves nothing behind but checkpoints. A product whose files do not match
        their checksums is set aside and made again. Raises StoreError where the disk is full or another process takes too long.
        """
        path = self.place(stage, key)
        if path in self._checked:
            return path
        with self._storing():
            if self.sound(path):
                return path
        with self._storing(), self._locked(path):
            if self.sound(path):
                return path
            if path.exists():
                aside = self.root / "damaged" / f"{stage}-{path.name}-{time.time_ns()}"
                log.warning("the stored product %s is damaged: it is set aside as %s and made again", path, aside)
                aside.parent.mkdir(exist_ok=True)
                path.rename(aside)
            draft = Path(tempfile.mkdtemp(dir=self.root / "tmp", prefix=f"{whoami()}-"))
            try:
                start = time.perf_counter()
                before = make(draft) or 0.0
                _write_json(draft / "made.json", {"work": work, "seconds": before + time.perf_counter() - start})
                _write_json(draft / "key.json", key)
                _write_json(draft / "checksums.json", _checksums(draft))
                _sync(draft)
                draft.rename(path)
                _sync_folder(path.parent)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            shutil.rmtree(self._partial(path), ignore_errors=True)
            self.made[stage] += 1
            self._checked.add(path)
        return path

    def _partial(self, path: Path) -> Path:
        return self.root / "partial" / f"{path.parent.name}-{path.name}"

    @contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise StoreError(
                f"the store {self.root} can't be written ({error.strerror}): make room or give another with --store DIR; what was "
                "finished is kept."
            ) from error

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold the product's lock. The system frees the lock of a process that died."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock, owner = FileLock(f"{path}.lock"), Path(f"{path}.owner")
        try:
            lock.acquire(timeout=min(PATIENCE, self.wait))
        except Timeout:
            log.warning("waiting for %s, which %s is making", path, _owner(owner))
            try:
                lock.acquire(timeout=max(self.wait - PATIENCE, 0))
            except Timeout:
                raise StoreError(
                    f"{_owner(owner)} has been making {path} for longer than {self.wait:g} s: wait for it, stop it, or give --wait."
                ) from None
        try:
            owner.write_text(whoami(), encoding="utf-8")
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def sound(self, path: Path) -> bool:
        """Whether a product is there and its files are as they were written; each is looked at once."""
        if path in self._checked:
            return True
        if not is_sound(path):
            return False
        shutil.rmtree(self._partial(path), ignore_errors=True)  # of a run that was killed once the product was there
        self._checked.add(path)
        return True


def is_sound(path: Path) -> bool:
    """Whether the files of a product match their checksums."""
    try:
        return bool(json.loads((path / "checksums.json").read_text()) == _checksums(path))
    except (OSError, ValueError):
        return False


def _owner(file: Path) -> str:
    try:
        host, _, number = file.read_text(encoding="utf-8").rpartition("-")
    except OSError:
        return "another process"
    return f"process {number} on {host}"


def _checksums(folder: Path) -> dict[str, str]:
    sums = {}
    for file in sorted(folder.iterdir()):
        if file.name != "checksums.json":
            with file.open("rb") as stream:
                sums[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return sums


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, sort_keys=True, indent=1), encoding="utf-8")


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
