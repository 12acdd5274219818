"""What a retrieval dataset is: one pool of images, three lists of positions in it, multi-hot labels."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hashbench.plugin import Plugin

SPLITS = ("train", "database", "query")


@dataclass(frozen=True)
class RetrievalData:
    """A loaded dataset. Images are decoded on demand, at the size the dataset was loaded for."""

    name: str
    classes: tuple[str, ...]
    labels: np.ndarray
    """(pool, classes) of 0/1, uint8."""
    rows: Mapping[str, np.ndarray]
    """For 'train', 'database' and 'query': positions in the pool, int64. A position may come twice, as in the lists."""
    image_size: int
    decode: Callable[[int], np.ndarray]
    """Pool position -> (3, image_size, image_size) uint8. Raises BadData naming the file."""
    content: str
    """A hash of the images' sources and the labels."""
    pipeline: str
    """How images are decoded, resized and cropped."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What was found on loading; stored with every result."""

    @cached_property
    def label_content(self) -> str:
        """A hash of the labels and splits alone: what targets depend on."""
        hashed = hashlib.sha256(np.ascontiguousarray(self.labels).tobytes())
        for split in SPLITS:
            hashed.update(self.rows[split].tobytes())
        return hashed.hexdigest()[:20]

    def split_labels(self, split: str) -> np.ndarray:
        """(rows, classes) labels of a split, in its order."""
        return self.labels[self.rows[split]]


class Dataset(Plugin, ABC):
    """A source of retrieval data."""

    needs_folder: ClassVar[bool] = True
    """Whether `--data DIR` is needed."""
    default_size: ClassVar[int] = 224
    default_preset: ClassVar[str] = "paper"
    default_backbone: ClassVar[str] = "vgg11"

    @abstractmethod
    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        """Read lists and labels; decode nothing. Raises BadData with file and line."""

    def load_labels(self, folder: Path | None) -> RetrievalData:
        """Labels and splits without looking at any image, for what needs no more; the whole data where there is no such way."""
        return self.load(folder, self.default_size)


def split_facts(labels: np.ndarray, rows: Mapping[str, np.ndarray], identity: np.ndarray) -> dict[str, Any]:
    """Counts and irregularities: duplicates, leaks, rows without labels. `identity` (pool,): equal for equal images."""
    facts: dict[str, Any] = {f"{split}_rows": len(rows[split]) for split in SPLITS}
    facts["classes"] = labels.shape[1]
    facts |= {f"{split}_without_label": int((labels[rows[split]].sum(1) == 0).sum()) for split in SPLITS}
    same = {split: identity[rows[split]] for split in SPLITS}
    facts |= {f"{split}_duplicates": len(same[split]) - len(np.unique(same[split])) for split in SPLITS}
    facts["queries_in_database"] = int(np.isin(same["query"], same["database"]).sum())
    facts["queries_in_train"] = int(np.isin(same["query"], same["train"]).sum())
    facts["train_outside_database"] = int((~np.isin(same["train"], same["database"])).sum())
    return facts
