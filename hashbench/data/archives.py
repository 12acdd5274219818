"""Shared code of the loaders of official distributions: labelled images in, splits drawn or as released, retrieval data out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.draw import draw_split
from hashbench.data.image_files import ImageFiles
from hashbench.data.of_files import data_of_files
from hashbench.data.released import released_split
from hashbench.errors import BadData


@dataclass(frozen=True)
class Catalogue:
    """All images of a distribution with their labels, before any split."""

    root: Path
    paths: list[str]
    labels: np.ndarray
    """(images, classes) uint8 of 0/1."""
    classes: tuple[str, ...]
    named_by: Callable[[int], str]
    """Position -> the file and line that name the image."""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Archive(Dataset):
    """An official distribution, read as its archive unpacks."""

    split: str = option("", "folder of released split files (test_img.txt, train_img.txt, ...); empty: drawn by the seed")
    queries: int = option(1000, "query images of a drawn split")
    train: int = option(5000, "training images of a drawn split; they are inside the database, which is all but the queries")
    seed: int = option(0, "seed of a drawn split")
    pipeline: Literal["v2", "pil-v1"] = option("v2", "how images are decoded and resized; pil-v1: as the ProS-GAN release")
    draw: Literal["uniform", "per-class", "auto"] = option(
        "auto",
        "how a split is drawn: over images, or class by class until each class has its share; auto: as the field does, over images "
        "but for the 21 concepts of NUS-WIDE",
    )

    def __post_init__(self) -> None:
        if self.queries < 1 or self.train < 1:
            raise ValueError("give queries and train of at least 1.")

    @abstractmethod
    def read(self, folder: Path) -> Catalogue:
        """Images and labels of the unpacked archive in `folder`. Raises BadData with file and line."""

    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        if folder is None or not folder.is_dir():
            raise BadData(f"the data folder {folder} does not exist: give --data the folder the archives were unpacked in.")
        found = self.read(folder)
        if self.split:
            rows, how = released_split(Path(self.split), found.paths, found.labels)
        else:
            rows = draw_split(found.labels, self.queries, self.train, self.seed, self.drawing)
            how = {"split": f"drawn {self.drawing} by seed {self.seed}"}
        files = ImageFiles(found.root, found.paths, found.named_by, self.pipeline, image_size)
        return data_of_files(self.label, found.classes, files, found.labels, rows, dict(found.facts) | how)

    @property
    def drawing(self) -> str:
        """How a split is drawn."""
        return "uniform" if self.draw == "auto" else self.draw

    @property
    def label(self) -> str:
        """The data set's name in results."""
        return type(self).__name__.lower()


def first_folder(folder: Path, places: list[str], holds: str, what: str) -> Path:
    """The first of some places below `folder` that holds `holds` (a glob). Raises BadData where none does."""
    for place in places:
        if next((folder / place).glob(holds), None) is not None:
            return folder / place
    tried = ", ".join(str(Path(place) / holds) for place in places)
    raise BadData(f"{folder} has no {what} (looked for {tried}): give --data the folder the archives were unpacked in.")
