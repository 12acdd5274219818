"""PASCAL VOC 2012: JPEGImages/<id>.jpg and ImageSets/Main/<class>_trainval.txt with lines `id -1|0|1`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.archives import Archive, Catalogue, first_folder
from hashbench.data.text import read_lines, relative_path
from hashbench.errors import BadData

CLASSES = [
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
]
MAIN = "ImageSets/Main"


@dataclass(frozen=True)
class Voc2012(Archive):
    """PASCAL VOC 2012 (trainval): 11,540 labelled photographs, 20 classes"""

    paper: ClassVar[str] = "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/"
    train: int = option(4000, "training images of a drawn split; they are inside the database, which is all but the queries")

    @property
    def official(self) -> int | None:
        return 11_540

    def read(self, folder: Path) -> Catalogue:
        root = first_folder(folder, ["VOCdevkit/VOC2012", "VOC2012", "."], f"{MAIN}/*_trainval.txt", "ImageSets of VOC 2012")
        first = root / MAIN / f"{CLASSES[0]}_trainval.txt"
        names = [name for name, _ in _rows(first)]
        if len(set(names)) < len(names):
            raise BadData(f"{first}: an image comes twice.")
        columns = []
        for name in CLASSES:
            file = root / MAIN / f"{name}_trainval.txt"
            rows = _rows(file)
            if len(rows) != len(names):
                raise BadData(f"{file}: {len(rows)} lines, but {first.name} has {len(names)}: they must match line by line.")
            for line, ((own, _), other) in enumerate(zip(rows, names, strict=True), 1):
                if own != other:
                    raise BadData(f"{file}:{line}: image {own}, where {first.name} has {other}.")
            columns.append([value == "1" for _, value in rows])
        labels = np.array(columns, dtype=np.uint8).T
        kept = np.flatnonzero(labels.any(axis=1))
        return Catalogue(
            root=root,
            paths=[f"JPEGImages/{names[i]}.jpg" for i in kept],
            labels=np.ascontiguousarray(labels[kept]),
            classes=tuple(CLASSES),
            named_by=lambda i: f"{first}:{kept[i] + 1}",
            facts={"images_left_out": f"{len(names) - len(kept)} that show no class (0, difficult, counts as absent)"},
        )


def _rows(file: Path) -> list[tuple[str, str]]:
    rows = []
    for line, text in enumerate(read_lines(file), 1):
        items = text.split()
        if len(items) != 2 or items[1] not in ("-1", "0", "1"):
            raise BadData(f"{file}:{line}: {text!r} is not an image and -1, 0 or 1.")
        rows.append((relative_path(items[0], f"{file}:{line}"), items[1]))
    return rows
