"""Targets: the attacked queries and what each should be taken for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.run import Run
from hashbench.data.dataset import RetrievalData
from hashbench.engine.stages.pixels import Loaded, PixelsStage
from hashbench.engine.stages.stage import Given, Stage
from hashbench.engine.stages.thumbnails import thumbnails
from hashbench.engine.targets.file import Targets, read_targets, target_text
from hashbench.engine.targets.pool import draw_labels
from hashbench.engine.targets.queries import Queries
from hashbench.protocols.protocol import Protocol
from hashbench.typing import Facts

FILE = "targets.json"


@dataclass(frozen=True)
class TargetsStage(Stage[Targets]):
    """A draw by a protocol's rule, or a user's file. Labels decide, and images only where the rule looks at them."""

    name: ClassVar[str] = "targets"
    on_device: ClassVar[bool] = False
    code: ClassVar[tuple[str, ...]] = (
        *("contracts.run", "engine.stages.targets", "engine.stages.thumbnails", "engine.targets.file", "engine.targets.pool"),
        *("engine.targets.queries", "retrieval.packing"),
    )
    pixels: PixelsStage
    protocol: Protocol
    queries: Queries

    def needs(self) -> Mapping[str, Stage[object]]:
        looks = self.by_image or self.pixels.source.skip_broken
        return {"pixels": self.pixels} if looks else {}

    def depends(self) -> Facts:
        labels = self.pixels.content if self.pixels.source.skip_broken else self.pixels.data.label_content
        return {"labels": labels, "rule": self.protocol.target_rule, **self.queries.depends()}

    @property
    def by_image(self) -> bool:
        """Whether the rule looks at images."""
        return self.protocol.targets in ("nearest", "farthest")

    @property
    def work(self) -> str:
        return f"protocol {self.protocol.name} on {self.pixels.work}"

    def data(self, given: Given) -> RetrievalData:
        """The labels that targets are drawn from: without images that turn out to be broken."""
        return given.get(self.pixels).data if self.pixels.source.skip_broken else self.pixels.data

    def make(self, draft: Path, given: Given, run: Run) -> None:
        data, content = self.data(given), self.queries.content()
        if content is not None and self.queries.file is not None:
            read_targets(self.queries.file, data, self.protocol)
            (draft / FILE).write_text(content.model_dump_json(by_alias=True), encoding="utf-8")
            return
        picked = self.queries.pick(data)
        distances = class_distances(given.get(self.pixels), picked) if self.by_image else None
        drawn = draw_labels(data, picked, self.protocol, self.queries.seed, distances)
        (draft / FILE).write_text(target_text(data, picked, drawn, self.protocol, self.queries.seed), encoding="utf-8")

    def read(self, folder: Path, given: Given) -> Targets:
        return read_targets(folder / FILE, self.data(given), self.protocol)


def class_distances(loaded: Loaded, picked: np.ndarray) -> np.ndarray:
    """(Q, C) Euclidean distances of queries to the mean database image of each class, at 32 px; nan for a class without any."""
    small = thumbnails(loaded)
    database, labels = small[loaded.data.rows["database"]], loaded.data.split_labels("database").astype(np.float32)
    counts = labels.sum(0)
    means = (labels.T @ database) / np.maximum(counts, 1)[:, None]
    queries = small[loaded.data.rows["query"][picked]]
    distances: np.ndarray = np.linalg.norm(queries[:, None] - means[None], axis=2)
    distances[:, counts == 0] = np.nan
    return distances
