"""Released split files: which images of a distribution are queries, training images and database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from hashbench.data.text import STEMS, read_lines, refuse, relative_path, zeros_and_ones
from hashbench.errors import BadData


def released_split(folder: Path, paths: Sequence[str], labels: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Rows of each split, and facts: the files' SHA-256, and lines whose labels are not the distribution's.

    Reads `{test,train,database}_img.txt`, or `{stem}.txt` whose lines begin with the path. Images are found by path, or by
    file name where that is unique. A database list that is not there is all but the queries. Labels beside are compared, whatever
    the order of their columns; the distribution's own are used.
    """
    if not folder.is_dir():
        raise BadData(f"the folder of split files {folder} does not exist: give --split the folder that holds test_img.txt.")
    known = {path: i for i, path in enumerate(paths)}
    names = _unique_names(paths)
    rows: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {"split": "released files"}
    for split, stem in STEMS.items():
        file = next((file for file in (folder / f"{stem}_img.txt", folder / f"{stem}.txt") if file.is_file()), None)
        if file is None and split == "database":
            continue
        if file is None:
            raise BadData(f"{folder} has no {stem}_img.txt: give --split the folder of released split files.")
        rows[split] = _positions(file, known, names)
        facts[f"{split}_list_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        differing = _differing(folder / f"{stem}_label.txt", labels[rows[split]])
        if differing is not None:
            facts[f"{split}_labels_unlike_list"] = differing
    if "database" not in rows:
        rows["database"] = np.setdiff1d(np.arange(len(paths)), rows["query"])
        facts["database_list"] = "all images but the queries"
    return rows, facts


def _unique_names(paths: Sequence[str]) -> dict[str, int]:
    """File name -> position, without names that come twice."""
    names: dict[str, int] = {}
    for i, path in enumerate(paths):
        name = PurePosixPath(path).name
        names[name] = -1 if name in names else i
    return names


def _positions(file: Path, known: dict[str, int], names: dict[str, int]) -> np.ndarray:
    positions = []
    for number, line in enumerate(read_lines(file), 1):
        path = relative_path(line.split()[0] if line else "", f"{file}:{number}")
        position = known.get(path, names.get(PurePosixPath(path).name, -1))
        if position < 0:
            raise BadData(f"{file}:{number}: the data set has no image {path}.")
        positions.append(position)
    return np.array(positions, dtype=np.int64)


def _differing(file: Path, labels: np.ndarray) -> int | None:
    """Lines of a label file that differ from `labels` once columns are matched; None where there is no such file.

    The order of the classes may be another on either side.
    """
    if not file.is_file():
        return None
    listed, _ = zeros_and_ones(read_lines(file), lambda i: f"{file}:{i + 1}", refuse)
    if listed.shape != labels.shape:
        raise BadData(
            f"{file}: {listed.shape[0]} lines of {listed.shape[1]} labels, but {len(labels)} images have {labels.shape[1]} classes."
        )
    return int((labels[:, _matching(labels, listed)] != listed).any(axis=1).sum())


def _matching(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """For each of their columns the matching one of ours, pairs that differ in fewest rows first."""
    one, other = ours.astype(np.int64), theirs.astype(np.int64)
    apart = (other.sum(0)[:, None] + one.sum(0)[None] - 2 * other.T @ one).astype(float)
    matched = np.zeros(len(apart), dtype=np.int64)
    for _ in range(len(apart)):
        row, column = np.unravel_index(apart.argmin(), apart.shape)
        matched[row] = column
        apart[row], apart[:, column] = np.inf, np.inf
    return matched
