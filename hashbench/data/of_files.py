"""Retrieval data whose images are files: what all loaders of such data end in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from hashbench.data.dataset import RetrievalData
from hashbench.data.facts import SPLITS, label_facts, split_facts
from hashbench.data.image_files import ImageFiles
from hashbench.data.pipelines import PIPELINES


def data_of_files(
    name: str,
    classes: tuple[str, ...],
    files: ImageFiles,
    labels: np.ndarray,
    rows: Mapping[str, np.ndarray],
    facts: Mapping[str, Any],
) -> RetrievalData:
    """`labels` (pool, C) of `files`, `rows` of each split; the content hash is of names, labels and splits."""
    hashed = hashlib.sha256("\0".join(files.paths).encode("utf-8", "surrogatepass") + labels.tobytes())
    for split in SPLITS:
        hashed.update(rows[split].tobytes())
    return RetrievalData(
        name=name,
        classes=classes,
        labels=labels,
        rows=rows,
        image_size=files.image_size,
        decode=lambda position: files.look(position)[0],
        content=hashed.hexdigest(),
        pipeline=PIPELINES[files.pipeline].text,
        facts=dict(facts) | label_facts(labels, rows) | split_facts(rows, np.arange(len(labels))),
        files=files,
    )
