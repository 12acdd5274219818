"""The field's list layout: {train,test,database}_{img,label}.txt beside images, or one file a split with `path 0 1 0 ...`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hashbench.data.dataset import Dataset, RetrievalData, split_facts
from hashbench.data.images import PIPELINE, decode_image_file
from hashbench.errors import BadData
from hashbench.plugin import option

FILES = {"train": "train", "database": "database", "query": "test"}


@dataclass(frozen=True)
class Lists(Dataset):
    """Any images, in the field's lists: {train,test,database}_{img,label}.txt (test = queries)"""

    identity: str = option("", "which data set of the field it is, such as flickr25k: options and published numbers go by it")

    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        root = _checked(folder)
        paths, matrix, rows = _read(root, images=True)
        files = [root / path for path in paths]
        with ThreadPoolExecutor() as threads:
            hashes = list(threads.map(_file_hash, files))
        identity = np.unique(np.array(hashes), return_inverse=True)[1]
        digest = hashlib.sha256("".join(hashes).encode() + matrix.tobytes())
        for split in FILES:
            digest.update(rows[split].tobytes())
        return RetrievalData(
            name=root.resolve().name,
            classes=_class_names(root, matrix.shape[1]),
            labels=matrix,
            rows=rows,
            image_size=image_size,
            decode=lambda i: decode_image_file(files[i], image_size),
            content=digest.hexdigest(),
            pipeline=PIPELINE,
            facts=split_facts(matrix, rows, identity),
        )

    def load_labels(self, folder: Path | None) -> RetrievalData:
        root = _checked(folder)
        paths, matrix, rows = _read(root, images=False)

        def decode(position: int) -> np.ndarray:
            raise BadData(f"{root} was read for its labels only.")

        identity = np.unique(np.array(paths), return_inverse=True)[1]
        facts = split_facts(matrix, rows, identity)
        return RetrievalData(root.resolve().name, _class_names(root, matrix.shape[1]), matrix, rows, 0, decode, "", "", facts)


def _checked(folder: Path | None) -> Path:
    if folder is None:
        raise BadData("the dataset 'lists' needs its folder: give --data DIR.")
    if not folder.is_dir():
        raise BadData(f"the data folder {folder} does not exist: give --data the folder that holds train_img.txt.")
    return folder


def _read(folder: Path, images: bool) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Paths of the pool, its labels, and the rows of each split; with `images`, each image has to be there."""
    pool: dict[str, int] = {}
    labels: list[np.ndarray] = []
    rows: dict[str, np.ndarray] = {}
    width: int | None = None
    for split, stem in FILES.items():
        positions = []
        for path, label, where in _read_split(folder, stem):
            width = len(label) if width is None else width
            if len(label) != width:
                raise BadData(f"{where}: {len(label)} labels, where earlier lines have {width}.")
            if path not in pool:
                if images and not (folder / path).is_file():
                    raise BadData(f"{where}: there is no image {path} in {folder}.")
                pool[path] = len(labels)
                labels.append(label)
            elif not np.array_equal(labels[pool[path]], label):
                raise BadData(f"{where}: {path} has other labels here than on an earlier line.")
            positions.append(pool[path])
        rows[split] = np.array(positions, dtype=np.int64)
    return list(pool), np.stack(labels).astype(np.uint8), rows


def _read_split(folder: Path, stem: str) -> Iterator[tuple[str, np.ndarray, str]]:
    """Image path, label row and `file:line` of each line of a split."""
    images, labels, single = folder / f"{stem}_img.txt", folder / f"{stem}_label.txt", folder / f"{stem}.txt"
    if images.is_file() and labels.is_file():
        image_lines, label_lines = _lines(images), _lines(labels)
        if len(image_lines) != len(label_lines):
            raise BadData(
                f"{labels}: {len(label_lines)} lines, but {images.name} has {len(image_lines)}: they must match line by line."
            )
        for number, (path, row) in enumerate(zip(image_lines, label_lines, strict=True), 1):
            if not path:
                raise BadData(f"{images}:{number}: an empty line where an image path should be.")
            yield path, _label_row(row.split(), f"{labels}:{number}"), f"{images}:{number}"
    elif single.is_file():
        for number, line in enumerate(_lines(single), 1):
            path, *items = line.split() or [""]
            yield path, _label_row(items, f"{single}:{number}"), f"{single}:{number}"
    else:
        missing = labels if images.is_file() else images
        raise BadData(f"{folder} has no {missing.name} (nor a {single.name} with lines 'path 0 1 0 ...'): is it the right folder?")


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadData(f"{file} is not UTF-8 text: save it as UTF-8.") from error
    if not lines:
        raise BadData(f"{file} is empty.")
    return [line.strip() for line in lines]


def _label_row(items: list[str], where: str) -> np.ndarray:
    if not items:
        raise BadData(f"{where}: no labels on this line.")
    wrong = next((item for item in items if item not in ("0", "1")), None)
    if wrong is not None:
        raise BadData(f"{where}: a label is '{wrong}', and labels are 0 or 1.")
    return np.array([item == "1" for item in items], dtype=np.uint8)


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _class_names(folder: Path, count: int) -> tuple[str, ...]:
    file = folder / "classes.txt"
    if not file.is_file():
        return tuple(f"class {i}" for i in range(count))
    names = _lines(file)
    if len(names) != count:
        raise BadData(f"{file}: {len(names)} names for {count} label columns.")
    return tuple(names)
