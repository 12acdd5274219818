"""Text files of lists and labels: every mistake names the file and the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from hashbench.errors import BadData

LARGEST = 1 << 30
"""Bytes; the largest list of the field has 20 MB."""

STEMS = {"train": "train", "database": "database", "query": "test"}
"""How the field's list files of each split are called."""

_BELOW = re.compile(r"[^/\\:\0][^\\:\0]*")
"""A path of these characters, without "..", lies below its folder: told twenty times as fast as by its parts."""

Complain = Callable[[str], None]
"""Takes one sentence about damage: raises BadData, or notes it and lets the reading go on."""


def refuse(sentence: str) -> None:
    """The `Complain` of a load: the first damage ends it."""
    raise BadData(sentence)


def read_lines(file: Path) -> list[str]:
    """Stripped lines of a UTF-8 file that is not empty."""
    try:
        if file.stat().st_size > LARGEST:
            raise BadData(f"{file} has more than {LARGEST >> 20} MB: that is no list of images.")
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadData(f"{file} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise BadData(f"{file} can't be read: {error.strerror}.") from error
    if not lines:
        raise BadData(f"{file} is empty.")
    return [line.strip() for line in lines]


def zeros_and_ones(rows: Sequence[str], where: Callable[[int], str], complain: Complain) -> tuple[np.ndarray, np.ndarray]:
    """(n, C) uint8 from lines of 0s and 1s between spaces, and (n,) whether the line was sound. `where(i)` names line i."""
    width = len(rows[0].split())
    if width and all(len(row) == 2 * width - 1 for row in rows):
        text = np.frombuffer(("\n".join(rows) + "\n").encode(), dtype=np.uint8)
        if len(text) == len(rows) * 2 * width:
            table = text.reshape(len(rows), 2 * width)
            digits, spaces = table[:, ::2] - np.uint8(ord("0")), table[:, 1:-1:2]
            if (digits < 2).all() and (spaces == ord(" ")).all():
                return digits, np.ones(len(rows), dtype=bool)
    matrix, sound = np.zeros((len(rows), width), dtype=np.uint8), np.ones(len(rows), dtype=bool)
    for i, row in enumerate(rows):
        items = row.split()
        wrong = next((item for item in items if item not in ("0", "1")), None)
        sound[i] = items and wrong is None and len(items) == width
        if sound[i]:
            matrix[i] = [item == "1" for item in items]
        elif not items:
            complain(f"{where(i)}: no labels on this line.")
        elif wrong is not None:
            complain(f"{where(i)}: a label is '{wrong}', and labels are 0 or 1.")
        else:
            complain(f"{where(i)}: {len(items)} labels, where earlier lines have {width}.")
    return matrix, sound


def relative_path(text: str, where: str) -> str:
    """`text` where it is a path below a folder. Raises BadData for an absolute one and one that climbs out."""
    if not text:
        raise BadData(f"{where}: an empty line where an image path should be.")
    if _BELOW.fullmatch(text) and ".." not in text:
        return text
    path = PurePosixPath(text)
    if "\0" in text or path.is_absolute() or PureWindowsPath(text).drive or ".." in path.parts:
        raise BadData(f"{where}: {text!r} is no path below the data folder: write paths relative to it, without '..'.")
    return text
