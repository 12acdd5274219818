"""The pixels of a whole dataset: decoded once, into a memory-mapped array of 8 bits."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from hashbench.contracts.run import Progress
from hashbench.data.ahead import in_order
from hashbench.data.dataset import RetrievalData
from hashbench.errors import BadData

PIXELS, FOUND = "pixels.npy", "found.json"


def look_at_all(
    data: RetrievalData, workers: int, progress: Progress
) -> Iterator[tuple[np.ndarray] | tuple[np.ndarray, str] | BadData]:
    """Yield for every image, in order, its pixels and the mode of its file if any; or the error that stops it from being read."""

    def look(position: int) -> tuple[np.ndarray] | tuple[np.ndarray, str] | BadData:
        try:
            return (data.decode(position),) if data.files is None else data.files.look(position)
        except BadData as error:
            return error

    count = len(data.labels)
    return progress.track(in_order(look, count, workers), "decoding images", count)


def write_pixels(data: RetrievalData, folder: Path, workers: int, progress: Progress, skip_broken: bool) -> None:
    """Decode every image of the pool into an array (pool, 3, size, size) uint8; beside it what was found on the way.

    Raises BadData for the first image that can't be read; with `skip_broken` it stays black and is written down with the reason.
    """
    count, size = len(data.labels), data.image_size
    array = np.lib.format.open_memmap(folder / PIXELS, mode="w+", dtype=np.uint8, shape=(count, 3, size, size))
    _reserve(folder / PIXELS)
    broken: dict[int, str] = {}
    modes: Counter[str] = Counter()

    for position, seen in enumerate(look_at_all(data, workers, progress)):
        if isinstance(seen, BadData):
            if not skip_broken:
                raise seen
            broken[position] = str(seen)
        else:
            array[position] = seen[0]
            modes.update(seen[1:])
    array.flush()
    found = {"broken": broken, "modes": dict(sorted(modes.items()))}
    (folder / FOUND).write_text(json.dumps(found, sort_keys=True), encoding="utf-8")


def _reserve(file: Path) -> None:
    """Take the room on the disk now: writing to a mapped file on a full disk would end the process."""
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, file.stat().st_size)


def read_pixels(folder: Path) -> tuple[np.ndarray, Mapping[int, str], Mapping[str, int]]:
    """The array that `write_pixels` wrote, memory-mapped; broken positions with their reasons; how many files had which mode."""
    found = json.loads((folder / FOUND).read_text(encoding="utf-8"))
    array: np.ndarray = np.lib.format.open_memmap(folder / PIXELS, mode="r")
    return array, {int(position): reason for position, reason in found["broken"].items()}, found["modes"]
