"""MS-COCO 2014: train2014/, val2014/ and annotations/instances_{train,val}2014.json."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.archives import Archive, Catalogue, first_folder
from hashbench.data.text import LARGEST, relative_path
from hashbench.disk.files import read_json
from hashbench.errors import BadData

PARTS = ("train2014", "val2014")
_KEPT = {"images", "annotations", "categories", "id", "file_name", "image_id", "category_id", "name"}


@dataclass(frozen=True)
class MSCOCO(Archive):
    """MS-COCO 2014 (train and val): the 122,218 photographs with an annotated object, 80 categories"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1405.0312"
    queries: int = option(5000, "query images of a drawn split")
    train: int = option(10000, "training images of a drawn split; they are inside the database, which is all but the queries")

    @property
    def official(self) -> int | None:
        return 122_218

    def read(self, folder: Path) -> Catalogue:
        places = ["annotations", "annotations_trainval2014/annotations", "."]
        annotations = first_folder(folder, places, "instances_*2014.json", "instances of MS-COCO")
        paths: list[str] = []
        labels: list[np.ndarray] = []
        named_by: list[str] = []
        classes: tuple[str, ...] | None = None
        empty = 0
        for part in PARTS:
            file = annotations / f"instances_{part}.json"
            names, matrix, own = _instances(file)
            if classes is not None and own != classes:
                raise BadData(f"{file}: its categories are not those of instances_{PARTS[0]}.json.")
            classes = own
            kept = np.asarray(matrix.any(axis=1))
            empty += int((~kept).sum())
            paths += [f"{part}/{name}" for name, keep in zip(names, kept, strict=True) if keep]
            labels.append(matrix[kept])
            named_by += [str(file)] * int(kept.sum())
        return Catalogue(
            root=folder,
            paths=paths,
            labels=np.concatenate(labels),
            classes=classes or (),
            named_by=named_by.__getitem__,
            facts={"images_left_out": f"{empty} without an annotated object"},
        )


def _instances(file: Path) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
    """File names in order of image id, labels, and category names in order of category id."""
    content = _read(file)
    categories = _by_id(content, "categories", "name", file)
    images = _by_id(content, "images", "file_name", file)
    columns = {number: i for i, number in enumerate(sorted(categories))}
    rows = {number: i for i, number in enumerate(sorted(images))}
    labels = np.zeros((len(rows), len(columns)), dtype=np.uint8)
    for position, annotation in enumerate(_listed(content, "annotations", file)):
        image, category = annotation.get("image_id"), annotation.get("category_id")
        if type(image) is not int or image not in rows:
            raise BadData(f"{file}: annotation {position} is of image {image!r}, which is not among its images.")
        if type(category) is not int or category not in columns:
            raise BadData(f"{file}: annotation {position} has category {category!r}, which is not among its categories.")
        labels[rows[image], columns[category]] = 1
    names = [relative_path(images[number], str(file)) for number in sorted(images)]
    return names, labels, tuple(categories[number] for number in sorted(categories))


def _read(file: Path) -> dict[str, Any]:
    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in pairs if key in _KEPT}

    content = read_json(file, "annotation file of MS-COCO", LARGEST, kind=BadData, object_pairs_hook=keep)
    if not isinstance(content, dict):
        raise BadData(f"{file} is no annotation file of MS-COCO: it holds no object.")
    return content


def _listed(content: dict[str, Any], key: str, file: Path) -> list[dict[str, Any]]:
    entries = content.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadData(f"{file} has no list of {key}: is it an instances file of MS-COCO?")
    return entries


def _by_id(content: dict[str, Any], key: str, value: str, file: Path) -> dict[int, str]:
    entries: dict[int, str] = {}
    for position, entry in enumerate(_listed(content, key, file)):
        if type(entry.get("id")) is not int or not isinstance(entry.get(value), str):
            raise BadData(f"{file}: entry {position} of {key} has no whole number 'id' and text '{value}'.")
        if entry["id"] in entries:
            raise BadData(f"{file}: two {key} have the id {entry['id']}.")
        entries[entry["id"]] = entry[value]
    return entries
