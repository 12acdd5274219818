"""The contract of a dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.facts import SPLITS
from hashbench.testing.finding import Finding, Trial, try_options

_SIDE = 32


def dataset_findings(dataset: Dataset, folder: Path | None = None) -> list[Finding]:
    """Every rule that `dataset` breaks; empty for a sound one. `folder`: what it reads, where it reads one."""
    trial = Trial(dataset)
    try_options(trial)
    loaded: list[RetrievalData] = []
    with trial.rule("load", "return a hashbench.api.RetrievalData"):
        loaded.append(dataset.load(folder, _SIDE))
    if not loaded:
        return trial.findings
    data = loaded[0]
    with trial.rule("labels", "give (images, classes) uint8 of 0 and 1, and a name for each class") as expect:
        expect(data.labels.dtype == np.uint8 and data.labels.ndim == 2, "its labels are no 2-D uint8 array")
        expect(bool(np.isin(data.labels, (0, 1)).all()), "a label is neither 0 nor 1")
        expect(len(data.classes) == data.labels.shape[1], f"{len(data.classes)} class names for {data.labels.shape[1]} columns")
    with trial.rule("rows", "give train, database and query as positions in the pool") as expect:
        expect(set(data.rows) == set(SPLITS), f"its splits are {sorted(data.rows)}")
        for split in SPLITS:
            rows = data.rows[split]
            expect(len(rows) > 0, f"the split {split} is empty")
            expect(
                rows.dtype == np.int64 and rows.min() >= 0 and rows.max() < len(data.labels), f"{split} has rows outside the pool"
            )
        expect(not np.isin(data.rows["query"], data.rows["database"]).any(), "queries are inside the database")
    with trial.rule("decode", f"return (3, {_SIDE}, {_SIDE}) uint8 for the image size asked for") as expect:
        image = data.decode(int(data.rows["query"][0]))
        expect(image.dtype == np.uint8 and image.shape == (3, _SIDE, _SIDE), f"an image is {image.shape} {image.dtype}")
    with trial.rule("content", "hash what the images and labels come from, the same at every load") as expect:
        expect(
            bool(data.content) and data.content == dataset.load(folder, _SIDE).content, "two loads have different content hashes"
        )
    with trial.rule("facts", "let facts be JSON"):
        json.dumps(data.facts)
    return trial.findings
