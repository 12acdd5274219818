"""NUS-WIDE: ImageList/*.txt (back-slashed paths) and Groundtruth/{AllLabels,TrainTestLabels}/Labels_<concept>*.txt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.archives import Archive, Catalogue, first_folder
from hashbench.data.text import read_lines, relative_path
from hashbench.errors import BadData

CONCEPTS = 81
FOLDERS = ("Flickr", "images", "image", ".")


@dataclass(frozen=True)
class NUSWIDE(Archive):
    """NUS-WIDE: the 195,834 photographs of its 21 most frequent concepts, or of all 81"""

    paper: ClassVar[str] = "https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html"
    queries: int = option(2100, "query images of a drawn split")
    train: int = option(10500, "training images of a drawn split; they are inside the database, which is all but the queries")
    concepts: int = option(21, "this many of the most frequent concepts, 1 to 81; images of none of them are left out")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.concepts <= CONCEPTS:
            raise ValueError(f"concepts is {self.concepts}: give 1 to {CONCEPTS}.")

    @property
    def drawing(self) -> str:
        return "per-class" if self.draw == "auto" and self.concepts == 21 else super().drawing

    @property
    def official(self) -> int | None:
        return 195_834 if self.concepts == 21 else None

    @property
    def identity(self) -> str:
        """Published numbers are of 21 concepts."""
        return "nuswide" if self.concepts == 21 else f"nuswide-{self.concepts}"

    def read(self, folder: Path) -> Catalogue:
        places = [".", "NUS-WIDE", "NUS_WIDE", "nuswide"]
        root = first_folder(folder, places, "Groundtruth/*/Labels_*.txt", "Groundtruth of NUS-WIDE")
        names = _concepts(root)
        images, where = _images(root)
        matrix = np.stack([_column(root, name, len(images)) for name in names], axis=1)
        frequent = sorted(np.argsort(-matrix.sum(0, dtype=np.int64), kind="stable")[: self.concepts])
        labels = np.ascontiguousarray(matrix[:, frequent])
        kept = np.flatnonzero(labels.any(axis=1))
        base, flat = _folder(root, [images[i] for i in kept[:100]])
        return Catalogue(
            root=root,
            paths=[f"{base}/{images[i].rpartition('/')[2] if flat else images[i]}" for i in kept],
            labels=labels[kept],
            classes=tuple(names[i] for i in frequent),
            named_by=lambda i: where[kept[i]],
            facts={"images_left_out": f"{len(images) - len(kept)} that show none of the {self.concepts} concepts"},
        )


def _has_all(root: Path) -> bool:
    """Whether labels of all images stand in one file; they may stand in a train and a test file instead."""
    return (root / "Groundtruth" / "AllLabels").is_dir()


def _concepts(root: Path) -> list[str]:
    """All concepts, sorted by name, each with its files."""
    kind, end = ("AllLabels", ".txt") if _has_all(root) else ("TrainTestLabels", "_Train.txt")
    folder = root / "Groundtruth" / kind
    names = sorted(file.name.removeprefix("Labels_").removesuffix(end) for file in folder.glob(f"Labels_*{end}"))
    if len(names) != CONCEPTS:
        raise BadData(f"{folder} has the label files of {len(names)} concepts, not of {CONCEPTS}: unpack Groundtruth again.")
    return names


def _images(root: Path) -> tuple[list[str], list[str]]:
    """Paths with forward slashes, and `file:line` of each."""
    lists = ["Imagelist.txt"] if _has_all(root) else ["TrainImagelist.txt", "TestImagelist.txt"]
    paths, where = [], []
    for name in lists:
        file = root / "ImageList" / name
        for number, line in enumerate(read_lines(file), 1):
            place = f"{file}:{number}"
            paths.append(relative_path(line.replace("\\", "/").removeprefix("./"), place))
            where.append(place)
    return paths, where


def _column(root: Path, concept: str, images: int) -> np.ndarray:
    """(images,) uint8: whether each image shows the concept."""
    folder = root / "Groundtruth"
    if _has_all(root):
        files = [folder / "AllLabels" / f"Labels_{concept}.txt"]
    else:
        files = [folder / "TrainTestLabels" / f"Labels_{concept}_{part}.txt" for part in ("Train", "Test")]
    column: list[str] = []
    for file in files:
        lines = read_lines(file)
        wrong = next((i for i, line in enumerate(lines) if line not in ("0", "1")), None)
        if wrong is not None:
            raise BadData(f"{file}:{wrong + 1}: a label is {lines[wrong]!r}, and labels are 0 or 1.")
        column += lines
    if len(column) != images:
        raise BadData(f"{files[-1]}: {len(column)} labels of '{concept}', but the image lists have {images} lines.")
    return np.array([line == "1" for line in column], dtype=np.uint8)


def _folder(root: Path, sample: list[str]) -> tuple[str, bool]:
    """The folder of the images, nested as listed or flat; the official place where no image of the sample is found."""
    for base in FOLDERS:
        for path in sample:
            if (root / base / path).is_file():
                return base, False
            if (root / base / path.rpartition("/")[2]).is_file():
                return base, True
    return FOLDERS[0], False
