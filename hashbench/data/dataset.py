"""The contract of a dataset: one pool of images, three lists of positions in it, multi-hot labels."""

from __future__ import annotations

import dataclasses
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hashbench.contracts.plugin import Plugin
from hashbench.data.facts import SPLITS, identities, label_facts, split_facts
from hashbench.data.image_files import ImageFiles
from hashbench.errors import BadData


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
    """A hash of the labels, the splits and the images, but for those in `files`, whose content the engine adds."""
    pipeline: str
    """How images are decoded, resized and cropped."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What was found on loading; stored with every result."""
    images: str = ""
    """A hash of the pool's images alone; where it is empty, `content` stands for it."""
    identity: np.ndarray | None = None
    """(pool,) equal for equal images, where that is known."""
    files: ImageFiles | None = None
    """The image files behind the pool, where there are any."""

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

    def with_hashes(self, hashes: np.ndarray) -> RetrievalData:
        """A copy that knows the content of its files: `hashes` (pool, 32) uint8 SHA-256."""
        content, images = (hashlib.sha256(start + hashes.tobytes()).hexdigest() for start in (self.content.encode(), b""))
        identity = identities(hashes)
        facts = self.facts | split_facts(self.rows, identity)
        return dataclasses.replace(self, content=content, images=images, identity=identity, facts=facts)

    def without(self, broken: Mapping[int, str]) -> RetrievalData:
        """A copy without the images at these pool positions; its facts list them with the reason."""
        if not broken:
            return self
        left = {split: rows[~np.isin(rows, list(broken))] for split, rows in self.rows.items()}
        empty = next((split for split in SPLITS if not len(left[split])), None)
        if empty is not None:
            raise BadData(f"without the {len(broken)} broken images no {empty} image is left: mend them.")
        names = {self.files.paths[i] if self.files else f"image {i}": reason for i, reason in broken.items()}
        lost = {f"{split}_skipped": len(rows) - len(left[split]) for split, rows in self.rows.items()}
        identity = np.arange(len(self.labels)) if self.identity is None else self.identity
        facts = self.facts | label_facts(self.labels, left) | split_facts(left, identity) | lost
        return dataclasses.replace(self, rows=left, facts=facts | {"skipped": names})


class Dataset(Plugin, ABC):
    """A source of retrieval data."""

    needs_folder: ClassVar[bool] = True
    """Whether `--data DIR` is needed."""
    default_size: ClassVar[int] = 224
    default_preset: ClassVar[str] = "paper"
    default_backbone: ClassVar[str] = "vgg11"

    @property
    def official(self) -> int | None:
        """How many images the official distribution has, where that is known."""
        return None

    @abstractmethod
    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        """Read lists and labels; look at no image. Raises BadData with file and line."""

    def examine(self, folder: Path | None) -> tuple[RetrievalData | None, list[str]]:
        """All that can be read in spite of damage, and a sentence for each damage: for `hashbench data check`."""
        try:
            return self.load(folder, self.default_size), []
        except BadData as error:
            return None, [str(error)]
