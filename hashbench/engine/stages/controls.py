"""Controls: how well the clean queries are retrieved by raw pixels, and by the untrained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from hashbench.contracts.run import Run, derive_seed
from hashbench.engine.machine.tensors import FILE, load_tensors, save_tensors
from hashbench.engine.stages.codes import CPU, hash_split
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given, Stage
from hashbench.engine.stages.thumbnails import thumbnails
from hashbench.engine.targets.queries import Queries
from hashbench.retrieval import HammingRanking
from hashbench.retrieval.euclidean import euclidean_ap
from hashbench.typing import Facts


@dataclass(frozen=True)
class ControlsStage(Stage[Mapping[str, np.ndarray]]):
    """(Q,) AP of the clean queries: 'pixels', by raw pixels, 32 px a side at most; 'random', by codes of the untrained network.

    There is no 'random' for a network that nobody knows how to make anew.
    """

    name: ClassVar[str] = "controls"
    code: ClassVar[tuple[str, ...]] = (
        *("contracts.hasher", "contracts.run", "contracts.split", "engine.machine.seeds", "engine.stages.codes"),
        *("engine.stages.controls", "engine.stages.thumbnails", "engine.targets.pool", "engine.targets.queries"),
        *("retrieval.average_precision", "retrieval.counting", "retrieval.counting.merging", "retrieval.counting.with_numba"),
        *("retrieval.counting.with_numpy", "retrieval.counting.with_torch", "retrieval.cutoff", "retrieval.euclidean"),
        *("retrieval.packing", "retrieval.ranking"),
    )
    hasher: HasherStage
    queries: Queries

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"pixels": self.hasher.pixels}

    def depends(self) -> Facts:
        hasher = self.hasher
        network: Facts = {name: chosen.key for name, chosen in hasher.plugins.items()}
        return network | {
            "bits": hasher.bits if network else None,
            "content": hasher.pixels.content,
            "queries": self.queries.depends(),
            "seed": self.seed,
        }

    @property
    def seed(self) -> int:
        return derive_seed(self.hasher.seed_of_run, "untrained")

    @property
    def work(self) -> str:
        return self.hasher.work

    def make(self, draft: Path, given: Given, run: Run) -> None:
        loaded = given.get(self.hasher.pixels)
        data = loaded.data
        rows, database = data.rows["query"][self.queries.pick(data)], data.rows["database"]
        labels = data.labels[rows], data.labels[database]
        small = thumbnails(loaded)
        found = {"pixels": euclidean_ap(small[rows], small[database], *labels)}
        untrained = self.hasher.untrained()
        if untrained is not None:
            codes = hash_split(untrained.to(run.device).eval(), loaded.pool, run, "hashing with the untrained network").numpy()
            ranking = HammingRanking(codes[rows], labels[0])
            ranking.update(codes[database], labels[1])
            found["random"] = ranking.compute().ap
        save_tensors({name: torch.from_numpy(ap) for name, ap in found.items()}, draft / FILE)

    def read(self, folder: Path, given: Given) -> Mapping[str, np.ndarray]:
        return {name: tensor.numpy() for name, tensor in load_tensors(folder / FILE, CPU).items()}
