"""`data check`: everything found in a dataset, images included, and whether it is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hashbench.contracts.run import Progress
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.facts import SPLITS
from hashbench.data.images import look_at_all
from hashbench.errors import BadData

SHOWN = 10
"""Sentences of a kind that are kept; the rest is counted."""
WARNINGS: dict[str, Callable[[dict[str, Any]], str]] = {
    "queries_in_train": lambda facts: f"{facts['queries_in_train']} queries are training images",
    "train_outside_database": lambda facts: f"{facts['train_outside_database']} training rows are outside the database",
}


@dataclass
class Findings:
    """The findings of a check."""

    data: RetrievalData | None
    """What could be read; None where nothing could."""
    problems: list[str] = field(default_factory=list)
    """Damage: the data is not sound."""
    remarks: list[str] = field(default_factory=list)
    """What a reader of results on this data should know."""

    @property
    def sound(self) -> bool:
        return not self.problems


def check_data(dataset: Dataset, folder: Path | None, images: bool, index: Path, workers: int, progress: Progress) -> Findings:
    """Read the lists in spite of damage; with `images`, read, hash and decode every image too."""
    data, problems = dataset.examine(folder)
    found = Findings(data, _shortened(problems))
    if data is None:
        return found
    if images:
        found.data = data = _look_at_images(data, found, index, workers, progress)
    facts = data.facts
    if facts["queries_in_database"]:
        found.problems.append(f"{facts['queries_in_database']} queries are in the database: take them out.")
    for name, say in WARNINGS.items():
        if facts[name] and facts["database_rows"]:
            found.remarks.append(f"{say(facts)}.")
    for split in SPLITS:
        if facts[f"{split}_without_label"]:
            found.remarks.append(f"{facts[f'{split}_without_label']} {split} rows have no label: nothing is relevant to them.")
        if facts[f"{split}_duplicates"]:
            found.remarks.append(
                f"{facts[f'{split}_duplicates']} of {facts[f'{split}_rows']} {split} rows repeat an image: "
                f"{facts[f'{split}_rows'] - facts[f'{split}_duplicates']} distinct images."
            )
    if dataset.official not in (None, len(data.labels)):
        found.remarks.append(f"there are {len(data.labels):,} images; the official distribution has {dataset.official:,}.")
    unheld = [name for name, count in zip(data.classes, data.split_labels("database").sum(0), strict=True) if not count]
    if unheld and facts["database_rows"]:
        found.remarks.append(f"no database image has the label {', '.join(unheld[:SHOWN])}: queries of it find nothing.")
    return found


def _look_at_images(data: RetrievalData, found: Findings, index: Path, workers: int, progress: Progress) -> RetrievalData:
    """Decode every image once, keeping none; hash the files; facts with duplicates by content."""
    problems: list[str] = []
    missing: set[int] = set()
    if data.files is not None:
        hashes = data.files.hashes(index, workers, progress, problems.append)
        missing = set(np.flatnonzero(~hashes.any(axis=1)).tolist())
        data = data.with_hashes(hashes)
    modes: Counter[str] = Counter()
    for position, seen in enumerate(look_at_all(data, workers, progress)):
        if not isinstance(seen, BadData):
            modes.update(seen[1:])
        elif position not in missing:
            problems.append(str(seen))
    found.problems += _shortened(problems)
    other = ", ".join(f"{number} {mode}" for mode, number in sorted(modes.items()) if mode != "RGB")
    if other:
        found.remarks.append(f"images that are not RGB and are converted: {other}.")
    return data


def _shortened(problems: list[str]) -> list[str]:
    rest = len(problems) - SHOWN
    return problems if rest <= 0 else [*problems[:SHOWN], f"and {rest} more like these."]
