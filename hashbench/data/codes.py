"""Codes and labels from files of the field's formats: NumPy arrays, or text with a row a line."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from hashbench.data.text import read_lines, refuse, zeros_and_ones
from hashbench.errors import BadData

LONGEST = 256


def read_codes(file: Path) -> np.ndarray:
    """(N, K) int8 of -1 and +1 from an array or text of two values: -1 and 1, 0 and 1, or booleans. Raises BadData."""
    return as_codes(_array(file), str(file))


def as_codes(values: np.ndarray, name: str) -> np.ndarray:
    """(N, K) int8 of -1 and +1. Raises BadData for anything that is no matrix of two values."""
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        raise BadData(f"{name} holds {values.dtype}: codes are numbers of two values.")
    if values.ndim != 2 or not 1 <= values.shape[1] <= LONGEST or not len(values):
        raise BadData(f"{name} has the shape {values.shape}: codes are (rows, bits), with 1 to {LONGEST} bits.")
    positive = values > 0
    low = -1 if (values < 0).any() else 0
    if not ((values == 1) | (values == low)).all():
        odd = values[(values != 1) & (values != low)].flat[0]
        raise BadData(
            f"{name} holds the value {odd:g} beside 1 and {low}: two values are codes, spaces between; of outputs take the signs."
        )
    return np.where(positive, 1, -1).astype(np.int8)


def read_labels(file: Path) -> np.ndarray:
    """(N, C) of 0 and 1, or (N,) class numbers, from an array or text: a label list (`0 1 0` or `path 0 1 0`), or a class number a
    line. Raises BadData."""
    if file.suffix in (".npy", ".npz"):
        return as_labels(_array(file), str(file))
    lines = read_lines(file)
    if all(line.isdecimal() and len(line) < 19 for line in lines):
        return as_labels(np.array(lines, dtype=np.int64), str(file))
    if all(len(line.split()) < 2 for line in lines):
        i = next(i for i, line in enumerate(lines) if not (line.isdecimal() and len(line) < 19))
        raise BadData(f"{file}:{i + 1}: '{lines[i][:40]}' is no class number: give a whole number from 0 on every line.")
    if lines[0].split()[:1] not in (["0"], ["1"]):
        lines = [line.partition(" ")[2] for line in lines]
    return zeros_and_ones(lines, lambda i: f"{file}:{i + 1}", refuse)[0]


def as_labels(values: np.ndarray, name: str) -> np.ndarray:
    """(N, C) uint8 of 0 and 1, or (N,) class numbers from 0. Raises BadData."""
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        raise BadData(f"{name} holds {values.dtype}: labels are 0s and 1s, or whole numbers of classes.")
    if values.ndim == 2 and values.shape[1] > 1 and ((values == 0) | (values == 1)).all():
        return values.astype(np.uint8)
    if values.ndim == 1 and (values >= 0).all() and (values == np.floor(values)).all():
        return values.astype(np.int64)
    raise BadData(
        f"{name} of shape {values.shape} holds no labels: give (rows, classes) of 0 and 1, or (rows,) whole numbers of classes."
    )


def in_classes_of(query: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Labels as (rows, C) of 0 and 1 in the queries' classes; of class numbers, one that no query has is all 0s. Raises BadData
    where they do not belong together."""
    if query.ndim != labels.ndim:
        raise BadData("the labels of the queries and of the database are of two kinds: give both as 0s and 1s, or both as numbers.")
    if query.ndim == 1:
        return (labels[:, None] == np.unique(query)).astype(np.uint8)
    if query.shape[1] != labels.shape[1]:
        raise BadData(f"the queries have labels of {query.shape[1]} classes, the database of {labels.shape[1]}.")
    return labels


def _array(file: Path) -> np.ndarray:
    if file.suffix not in (".npy", ".npz"):
        try:
            return np.atleast_2d(np.loadtxt(read_lines(file), delimiter="," if file.suffix == ".csv" else None))
        except ValueError as error:
            raise BadData(f"{file} can't be read as rows of numbers: {str(error).splitlines()[0]}.") from error
    try:
        with file.open("rb") as stream:
            found = np.load(stream, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return found
            if len(found.files) != 1:
                raise BadData(f"{file} holds {len(found.files)} arrays ({', '.join(found.files)}): save the one meant as .npy.")
            only = found[found.files[0]]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadData(f"{file} can't be read as an array: {(str(error) or 'it is empty').splitlines()[0]}.") from error
    if not isinstance(only, np.ndarray):
        raise BadData(f"{file} holds no array: save the one meant as .npy.")
    return only
