"""Pixels: every image of a dataset, decoded once."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.run import Progress, Run, Silent
from hashbench.contracts.split import Split
from hashbench.data.dataset import RetrievalData
from hashbench.data.images import read_pixels, write_pixels
from hashbench.data.text import refuse
from hashbench.engine.choices import Source
from hashbench.engine.stages.stage import Given, Stage
from hashbench.typing import Facts

UNKNOWN = "not looked at"
"""Stands for the content of files that may not be opened now: nothing in a store is of such data."""


@dataclass(frozen=True)
class Loaded:
    """A loaded dataset and its decoded pixels, without images that are broken."""

    data: RetrievalData
    pixels: np.ndarray
    """(pool, 3, side, side) uint8, memory-mapped."""

    def split(self, name: str) -> Split:
        return Split(self.data.name, self.pixels, self.data.labels, self.data.rows[name])

    @property
    def pool(self) -> Split:
        """All images, whatever split they are of."""
        return Split(self.data.name, self.pixels, self.data.labels, np.arange(len(self.pixels)))


@dataclass(frozen=True)
class PixelsStage(Stage[Loaded]):
    """A dataset whose lists are read and whose files are known by their content."""

    name: ClassVar[str] = "pixels"
    on_device: ClassVar[bool] = False
    code: ClassVar[tuple[str, ...]] = ("data.images", "data.image_files", "data.pipelines")
    source: Source
    content: str
    """A hash of labels, splits and images."""
    data: RetrievalData = field(compare=False, repr=False)

    def needs(self) -> Mapping[str, Stage[object]]:
        return {}

    def depends(self) -> Facts:
        data = self.data
        images = self.content if UNKNOWN in self.content else data.images or data.content
        return {
            "images": images,
            "image_size": data.image_size,
            "pipeline": data.pipeline,
            "skip_broken": self.source.skip_broken,
            "decoders": {**decoders()},
        }

    @property
    def work(self) -> str:
        return f"{self.source.name} at {self.source.image_size} px"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        write_pixels(self.data, draft, given.machine.decoders, run.progress, self.source.skip_broken)

    def read(self, folder: Path, given: Given) -> Loaded:
        pixels, broken, modes = read_pixels(folder)
        data = dataclasses.replace(self.data, facts=self.data.facts | ({"modes": dict(modes)} if modes else {}))
        return Loaded(data.without(broken), pixels)

    def __reduce__(self) -> tuple[Callable[[Source], PixelsStage], tuple[Source]]:
        return pixels_of, (self.source,)


def pixels_of(source: Source, index: Path | None = None, workers: int = 1, progress: Progress | None = None) -> PixelsStage:
    """Read a dataset's lists and hash its files. Those that have not changed since they were written to `index` are not opened.

    Raises BadData.
    """
    data = source.dataset.plugin.load(source.folder, source.image_size)
    if data.files is not None:
        complain = (lambda problem: None) if source.skip_broken else refuse
        data = data.with_hashes(data.files.hashes(index, workers, progress or Silent(), complain))
    return PixelsStage(source, data.content, data)


def pixels_unopened(source: Source, index: Path) -> PixelsStage:
    """A dataset from lists, file names, sizes and times alone: opens no image and writes nothing."""
    data = source.dataset.plugin.load(source.folder, source.image_size)
    if data.files is None:
        return PixelsStage(source, data.content, data)
    hashes = data.files.known_hashes(index)
    if hashes is None:
        return PixelsStage(source, f"{UNKNOWN}: {data.content}", data)
    data = data.with_hashes(hashes)
    return PixelsStage(source, data.content, data)


@cache
def decoders() -> dict[str, str]:
    """The versions of what turns files into pixels."""
    return {name: version(name) for name in ("pillow", "torchvision")}


def train_content(loaded: Loaded) -> str:
    """A hash of the training images as networks see them, whatever else the data holds and in whatever order."""
    rows = np.unique(loaded.data.rows["train"])
    each = sorted(hashlib.sha256(loaded.pixels[row].tobytes()).hexdigest() for row in rows)
    return hashlib.sha256("".join(each).encode()).hexdigest()
