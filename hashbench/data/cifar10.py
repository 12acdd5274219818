"""CIFAR-10: the six pickled batches of cifar-10-batches-py, read without running anything in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from torchvision.transforms.v2 import functional as v2

from hashbench.contracts.plugin import option
from hashbench.data.archives import first_folder
from hashbench.data.batches import read_batch
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.facts import SPLITS, identities, label_facts, split_facts
from hashbench.errors import BadData

BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class CIFAR10(Dataset):
    """CIFAR-10: 60,000 images of 32 px, 10 classes; three protocols of the field by name"""

    paper: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar.html"
    splits: Literal["cifar10", "cifar10-1", "cifar10-2"] = option(
        "cifar10-1",
        "queries / training / database images: cifar10 1000 / 5000 / 54000, all disjoint; cifar10-1 1000 / 5000 / 59000, training "
        "images inside the database; cifar10-2 10000 / 50000 / 50000, the official test and training images",
    )
    seed: int = option(0, "seed of the draw of cifar10 and cifar10-1, class by class")

    @property
    def official(self) -> int | None:
        return 60_000

    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        if folder is None or not folder.is_dir():
            raise BadData(f"the data folder {folder} does not exist: give --data the folder with cifar-10-batches-py.")
        places = ["cifar-10-batches-py", "cifar10/cifar-10-batches-py", "."]
        root = first_folder(folder, places, BATCHES[0], "CIFAR-10 batches")
        batches = [read_batch(root / name) for name in BATCHES]
        pixels = np.concatenate([batch.pixels for batch in batches])
        classes = np.concatenate([batch.labels for batch in batches])
        official = len(batches[-1].labels)
        rows = self._rows(classes, len(classes) - official)
        labels = np.eye(len(CLASSES), dtype=np.uint8)[classes]
        hashes = np.stack([np.frombuffer(hashlib.sha256(image.tobytes()).digest(), dtype=np.uint8) for image in pixels])
        content = hashlib.sha256(hashes.tobytes() + labels.tobytes())
        for split in SPLITS:
            content.update(rows[split].tobytes())
        return RetrievalData(
            name="cifar10",
            classes=CLASSES,
            labels=labels,
            rows=rows,
            image_size=image_size,
            decode=lambda i: _resized(pixels[i], image_size),
            content=content.hexdigest(),
            images=hashlib.sha256(hashes.tobytes()).hexdigest(),
            identity=identities(hashes),
            pipeline="resize to the size, bilinear antialias, no crop",
            facts={"split": self.splits} | label_facts(labels, rows) | split_facts(rows, identities(hashes)),
        )

    def _rows(self, classes: np.ndarray, official_train: int) -> dict[str, np.ndarray]:
        """Positions by the protocol; images come in the order of the batches, so that the official test images are last."""
        every = np.arange(len(classes), dtype=np.int64)
        if self.splits == "cifar10-2":
            train = every[:official_train]
            return {"train": train, "database": train, "query": every[official_train:]}
        order = np.random.default_rng([self.seed, len(classes)]).permutation(len(classes))
        tenth = len(classes) // 60 // len(CLASSES)  # 100 queries and 500 training images a class, of 6,000
        by_class = [order[classes[order] == i] for i in range(len(CLASSES))]
        short = next((CLASSES[i] for i, own in enumerate(by_class) if len(own) <= 6 * tenth or not tenth), None)
        if short is not None:
            raise BadData(f"the batches hold too few images of the class {short} for the splits '{self.splits}'.")
        query = np.concatenate([own[:tenth] for own in by_class])
        train = np.concatenate([own[tenth : 6 * tenth] for own in by_class])
        left = query if self.splits == "cifar10-1" else np.concatenate([query, train])
        return {"train": train, "database": np.setdiff1d(every, left), "query": query}


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    if size == image.shape[-1]:
        return image
    resized: np.ndarray = v2.resize(torch.from_numpy(image), [size, size], antialias=True).numpy()
    return resized
