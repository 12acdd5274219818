"""The field's list layout: {train,test,database}_{img,label}.txt beside images, or one file a split with `path 0 1 0 ...`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.facts import SPLITS
from hashbench.data.image_files import ImageFiles
from hashbench.data.of_files import data_of_files
from hashbench.data.text import STEMS, Complain, read_lines, refuse, relative_path, zeros_and_ones
from hashbench.errors import BadData


@dataclass(frozen=True)
class Listed:
    """The sound lines of one split."""

    paths: list[str]
    labels: np.ndarray
    """(lines, C) uint8"""
    where: list[str]
    """`file:line` of each."""


@dataclass(frozen=True)
class Lists(Dataset):
    """Any images, in the field's lists: {train,test,database}_{img,label}.txt (test = queries)"""

    identity: str = option("", "which data set of the field it is, such as flickr25k: options and published numbers go by it")
    pipeline: Literal["v2", "pil-v1"] = option("v2", "how images are decoded and resized; pil-v1: as the ProS-GAN release")

    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        return self._read(_checked(folder), image_size, refuse)

    def examine(self, folder: Path | None) -> tuple[RetrievalData | None, list[str]]:
        problems: list[str] = []
        try:
            return self._read(_checked(folder), self.default_size, problems.append), problems
        except BadData as error:
            return None, [*problems, str(error)]

    def _read(self, root: Path, image_size: int, complain: Complain) -> RetrievalData:
        splits = {split: read_split(root, stem, complain) for split, stem in STEMS.items()}
        paths, labels, rows, where = _pool(splits, complain)
        files = ImageFiles(root, paths, where.__getitem__, self.pipeline, image_size)
        return data_of_files(root.resolve().name, _class_names(root, labels.shape[1], complain), files, labels, rows, {})


def _checked(folder: Path | None) -> Path:
    if folder is None:
        raise BadData("the dataset 'lists' needs its folder: give --data DIR.")
    if not folder.is_dir():
        raise BadData(f"the data folder {folder} does not exist: give --data the folder that holds train_img.txt.")
    return folder


def _pool(splits: dict[str, Listed | None], complain: Complain) -> tuple[list[str], np.ndarray, dict[str, np.ndarray], list[str]]:
    """Each image once: paths, labels, the rows of each split in it, and the line that names it first."""
    pool: dict[str, int] = {}
    labels: list[np.ndarray] = []
    where: list[str] = []
    rows = dict.fromkeys(SPLITS, np.zeros(0, dtype=np.int64))
    width = next((found.labels.shape[1] for found in splits.values() if found is not None and found.paths), None)
    if width is None:
        raise BadData("no split of this folder can be read.")
    for split, found in splits.items():
        if found is None or not found.paths:
            continue
        if found.labels.shape[1] != width:
            complain(f"{found.where[0]}: {found.labels.shape[1]} labels, where earlier lines have {width}.")
            continue
        positions = [pool.setdefault(path, len(pool)) for path in found.paths]
        rows[split] = np.array(positions, dtype=np.int64)
        for line, position in enumerate(positions):
            if position == len(labels):
                labels.append(found.labels[line])
                where.append(found.where[line])
            elif not np.array_equal(labels[position], found.labels[line]):
                complain(f"{found.where[line]}: {found.paths[line]} has other labels here than on an earlier line.")
    return list(pool), np.stack(labels) if labels else np.zeros((0, width), np.uint8), rows, where


def read_split(folder: Path, stem: str, complain: Complain) -> Listed | None:
    """The lines of `{stem}_img.txt` and `{stem}_label.txt`, or of `{stem}.txt`; None, after a complaint, where there are none."""
    images, labels, single = folder / f"{stem}_img.txt", folder / f"{stem}_label.txt", folder / f"{stem}.txt"
    if images.is_file() and labels.is_file():
        names, rows = read_lines(images), read_lines(labels)
        if len(names) != len(rows):
            complain(f"{labels}: {len(rows)} lines, but {images.name} has {len(names)}: they must match line by line.")
            return None
        return _sound(names, rows, images, labels, complain)
    if single.is_file():
        pairs = [line.partition(" ") for line in read_lines(single)]
        return _sound([pair[0] for pair in pairs], [pair[2].strip() for pair in pairs], single, single, complain)
    missing = labels if images.is_file() else images
    complain(f"{folder} has no {missing.name} (nor a {single.name} with lines 'path 0 1 0 ...'): is it the right folder?")
    return None


def _sound(names: list[str], rows: list[str], images: Path, labels: Path, complain: Complain) -> Listed:
    """The lines that name an image below the folder and have labels."""
    matrix, sound = zeros_and_ones(rows, _line_of(labels), complain)
    where = _line_of(images)
    for i, name in enumerate(names):
        try:
            relative_path(name, where(i))
        except BadData as error:
            sound[i] = False
            complain(str(error))
    kept = np.flatnonzero(sound).tolist()
    return Listed([names[i] for i in kept], matrix[kept], [where(i) for i in kept])


def _line_of(file: Path) -> Callable[[int], str]:
    return lambda i: f"{file}:{i + 1}"


def _class_names(folder: Path, count: int, complain: Complain) -> tuple[str, ...]:
    file = folder / "classes.txt"
    if file.is_file():
        names = read_lines(file)
        if len(names) == count:
            return tuple(names)
        complain(f"{file}: {len(names)} names for {count} label columns.")
    return tuple(f"class {i}" for i in range(count))
