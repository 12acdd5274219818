"""The data and its pixels: the stage that all others stand on."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hashbench.data import images, pipelines
from hashbench.data.dataset import RetrievalData
from hashbench.data.images import read_pixels, write_pixels
from hashbench.data.split import Split
from hashbench.data.text import refuse
from hashbench.engine.context import Chosen, Context
from hashbench.engine.store import digest


@dataclass(frozen=True)
class Source:
    """A dataset, the folder it reads and the size of its images."""

    dataset: Chosen
    folder: Path | None
    image_size: int
    skip_broken: bool = False
    """Leave images out that can't be read, and say so in the facts; otherwise the first one ends the run."""

    @property
    def name(self) -> str:
        return self.dataset.text

    @property
    def identity(self) -> str:
        """Which data set of the field it is, whatever reads it."""
        named: str = getattr(self.dataset.plugin, "identity", "")
        return named or self.dataset.text.partition("[")[0]


@dataclass(frozen=True)
class Loaded:
    """A loaded dataset and its decoded pixels."""

    data: RetrievalData
    pixels: np.ndarray
    key: dict[str, Any]

    def split(self, name: str) -> Split:
        return Split(self.data.name, self.pixels, self.data.labels, self.data.rows[name])


def load_source(context: Context, source: Source) -> Loaded:
    """The data and its pixels, decoded once. Image files that have not changed since the last run are not read again."""

    def load() -> Loaded:
        data: RetrievalData = source.dataset.plugin.load(source.folder, source.image_size)
        if data.files is not None:
            complain = (lambda problem: None) if source.skip_broken else refuse
            data = data.with_hashes(data.files.hashes(context.store.root / "files", context.workers, context.progress, complain))
        pixels_key = {
            "images": data.images or data.content,
            "image_size": data.image_size,
            "pipeline": data.pipeline,
            "skip_broken": source.skip_broken,
            "decoders": decoders(),
        }
        key = {"content": data.content, "pixels": digest(pixels_key)}
        folder = context.store.product(
            "pixels", pixels_key, lambda draft: write_pixels(data, draft, context.workers, context.progress, source.skip_broken)
        )
        pixels, broken, modes = read_pixels(folder)
        data = dataclasses.replace(data, facts=data.facts | ({"modes": dict(modes)} if modes else {})).without(broken)
        return Loaded(data, pixels, key)

    return context.once(("source", source), load)


@cache
def decoders() -> dict[str, str]:
    """What turns files into pixels: versions of the libraries, and the code."""
    code = Path(pipelines.__file__).read_bytes() + Path(images.__file__).read_bytes()
    return {name: version(name) for name in ("pillow", "torchvision")} | {"code": hashlib.sha256(code).hexdigest()[:16]}


def train_content(loaded: Loaded) -> str:
    """A hash of the training images as networks see them, whatever else the data holds and in whatever order."""
    rows = np.unique(loaded.data.rows["train"])
    each = sorted(hashlib.sha256(loaded.pixels[row].tobytes()).hexdigest() for row in rows)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def thumbnails(loaded: Loaded) -> np.ndarray:
    """(pool, D) float32 in [0, 1]: images averaged down to at most 32 px a side."""
    side = min(32, loaded.data.image_size)
    rows = []
    for start in range(0, len(loaded.pixels), 1024):
        batch = torch.from_numpy(np.array(loaded.pixels[start : start + 1024])).float() / 255
        rows.append(torch.nn.functional.adaptive_avg_pool2d(batch, side).flatten(1))
    small: np.ndarray = torch.cat(rows).numpy()
    return small
