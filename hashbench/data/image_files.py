"""Image files behind a dataset: found below one folder, read once, told apart by their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hashbench.contracts.run import Progress
from hashbench.data.ahead import in_order
from hashbench.data.pipelines import decode_with_mode
from hashbench.data.text import Complain
from hashbench.disk.files import write_atomically
from hashbench.errors import BadData

LARGEST = 1 << 28
"""Bytes of one image file."""
_ENTRY = np.dtype([("size", "<i8"), ("modified", "<i8"), ("changed", "<i8"), ("sha256", "u1", (32,))])


@dataclass(frozen=True)
class ImageFiles:
    """Paths below a root, one an image of the pool, and how they become pixels."""

    root: Path
    paths: Sequence[str]
    named_by: Callable[[int], str]
    """Pool position -> the file and line that name the image, for messages."""
    pipeline: str
    """The name of the pipeline that decodes them."""
    image_size: int

    def path(self, position: int) -> Path:
        """Raises BadData where there is no such file, or it lies outside the root."""
        file = self.root / self.paths[position]
        try:
            there = file.is_file()
        except (OSError, ValueError):  # a name too long, or one that no file can have
            there = False
        if not there:
            raise BadData(f"{self.named_by(position)}: there is no image {self.paths[position]} in {self.root}.")
        if not self._inside(file):
            raise BadData(f"{file} leads out of {self.root} through a symbolic link: give --data the folder the images are in.")
        return file

    def read(self, position: int) -> bytes:
        """The bytes of a file. Raises BadData as `path` does, and for one that can't be read."""
        file = self.path(position)
        try:
            if file.stat().st_size > LARGEST:
                raise BadData(f"{file} has more than {LARGEST >> 20} MB: that is no image of this field.")
            return file.read_bytes()
        except OSError as error:
            raise BadData(f"{file} can't be read: {error.strerror}.") from error

    def look(self, position: int) -> tuple[np.ndarray, str]:
        """(3, image_size, image_size) uint8, and the mode of the file. Raises BadData as `read` does, and for a damaged one."""
        return decode_with_mode(self.pipeline, self.read(position), self.image_size, str(self.root / self.paths[position]))

    def _inside(self, file: Path) -> bool:
        folder = str(file.parent)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        real = os.path.realpath(file) if file.is_symlink() else self._folders[folder]
        return real == self._real_root or real.startswith(self._real_root.rstrip("/") + "/")

    @cached_property
    def _folders(self) -> dict[str, str]:
        return {}

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root)

    def known_hashes(self, index: Path) -> np.ndarray | None:
        """The hashes by names, sizes and times alone; None where a file would have to be opened. Writes nothing."""
        known = _read_index(index / self._index_name, len(self.paths))
        same = (
            len(known) > 0
            and bool(known["sha256"].any())
            and all(tuple(entry)[:3] == self._times_of(path) for entry, path in zip(known, self.paths, strict=True))
        )
        return known["sha256"] if same else None

    def _times_of(self, path: str) -> tuple[int, int, int]:
        """Size and times of a file; zeros, as `hashes` notes them, where there is none."""
        try:
            return _times(os.stat(self.root / path))
        except (OSError, ValueError):
            return 0, 0, 0

    @property
    def _index_name(self) -> str:
        name = "\0".join([self._real_root, *self.paths]).encode("utf-8", "surrogatepass")
        return f"{hashlib.sha256(name).hexdigest()[:20]}.npy"

    def hashes(self, index: Path | None, workers: int, progress: Progress, complain: Complain) -> np.ndarray:
        """(pool, 32) uint8: SHA-256 of each file; zeros where one is missing, after the complaint.

        Hashes are kept in the folder `index`, if any, beside size and times of each file; only files that changed are read again.
        """
        known = _read_index(None if index is None else index / self._index_name, len(self.paths))
        entries = known.copy()

        def look(position: int) -> None:
            times = _times(self.path(position).stat())
            if tuple(known[position])[:3] != times:
                entries[position] = (*times, np.frombuffer(hashlib.sha256(self.read(position)).digest(), dtype=np.uint8))

        def look_or_tell(position: int) -> str | None:
            try:
                look(position)
            except BadData as error:
                entries[position] = np.zeros((), dtype=_ENTRY)
                return str(error)
            return None

        for problem in progress.track(in_order(look_or_tell, len(self.paths), workers), "looking at images", len(self.paths)):
            if problem is not None:
                complain(problem)
        if index is not None and not np.array_equal(entries, known):
            write_atomically(index / self._index_name, entries.tobytes())
        return entries["sha256"]


def _times(stat: os.stat_result) -> tuple[int, int, int]:
    """Size and times, which change when a file does."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _read_index(file: Path | None, count: int) -> np.ndarray:
    """Entries of an earlier look; zeros where there was none, or its file is not whole."""
    data = file.read_bytes() if file is not None and file.is_file() else b""
    if len(data) != count * _ENTRY.itemsize:
        return np.zeros(count, dtype=_ENTRY)
    return np.frombuffer(data, dtype=_ENTRY)
