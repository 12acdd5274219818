"""MIRFLICKR-25K: mirflickr/im1.jpg ... im25000.jpg and 38 annotation files of 1-based image numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.archives import Archive, Catalogue, first_folder
from hashbench.data.text import read_lines
from hashbench.errors import BadData

RELEVANT = [
    "baby",
    "bird",
    "car",
    "clouds",
    "dog",
    "female",
    "flower",
    "male",
    "night",
    "people",
    "portrait",
    "river",
    "sea",
    "tree",
]
POTENTIAL = [*RELEVANT, "animals", "food", "indoor", "lake", "plant_life", "sky", "structures", "sunset", "transport", "water"]
IMAGES = 25_000
ANNOTATIONS = [
    *(f"mirflickr25k_annotations{end}" for end in ("_v080", "")),
    "annotations",
    "mirflickr/annotations",
    "mirflickr",
    ".",
]


@dataclass(frozen=True)
class Flickr25k(Archive):
    """FLICKR-25K (MIRFLICKR): 25,000 photographs, 38 or 24 labels"""

    paper: ClassVar[str] = "https://press.liacs.nl/mirflickr/"
    queries: int = option(1700, "query images of a drawn split")
    labels: int = option(38, "38: potential and relevant labels; 24: the potential ones alone")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels not in (38, 24):
            raise ValueError(f"labels is {self.labels}: give 38 or 24.")

    @property
    def identity(self) -> str:
        """Published numbers are of 38 labels."""
        return "flickr25k" if self.labels == 38 else "flickr25k-24"

    @property
    def official(self) -> int | None:
        return IMAGES

    def read(self, folder: Path) -> Catalogue:
        annotations = first_folder(folder, ANNOTATIONS, "sky.txt", "annotations of MIRFLICKR-25K")
        count = _images(folder / "mirflickr")
        potential = {name: _marked(annotations / f"{name}.txt", count) for name in POTENTIAL}
        relevant = {f"{name}_r1": _marked(annotations / f"{name}_r1.txt", count) for name in RELEVANT}
        for name, marked in relevant.items():
            stray = np.flatnonzero(marked & ~potential[name.removesuffix("_r1")])
            if len(stray):
                parent = name.removesuffix("_r1")
                raise BadData(f"{annotations / name}.txt: image {stray[0] + 1} is not in {parent}.txt, which holds all of it.")
        columns = dict(sorted((potential if self.labels == 24 else potential | relevant).items()))
        return Catalogue(
            root=folder,
            paths=[f"mirflickr/im{number}.jpg" for number in range(1, count + 1)],
            labels=np.stack(list(columns.values()), axis=1).astype(np.uint8),
            classes=tuple(columns),
            named_by=lambda i: f"{folder / 'mirflickr'} (image {i + 1} of {count})",
        )


def _images(folder: Path) -> int:
    """How many images there are, numbered from 1 without a gap; all 25,000 where only the annotations are there."""
    if not folder.is_dir():
        return IMAGES
    numbers = sorted(int(match[1]) for file in folder.iterdir() if (match := re.fullmatch(r"im([1-9]\d{0,8})\.jpg", file.name)))
    gap = next((i for i, number in enumerate(numbers, 1) if number != i), None)
    if gap is not None:
        raise BadData(f"{folder} has no im{gap}.jpg, but im{numbers[-1]}.jpg: unpack mirflickr25k.zip again.")
    return len(numbers) or IMAGES


def _marked(file: Path, count: int) -> np.ndarray:
    """(count,) bool: the images a label file lists."""
    marked = np.zeros(count, dtype=bool)
    for line, text in enumerate(read_lines(file), 1):
        if not text.isdecimal() or len(text) > 9:
            raise BadData(f"{file}:{line}: {text!r} is no image number.")
        if not 1 <= int(text) <= count:
            raise BadData(f"{file}:{line}: there is no image {text}; images are 1 to {count}.")
        marked[int(text) - 1] = True
    return marked
