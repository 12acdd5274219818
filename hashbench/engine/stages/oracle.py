"""Oracle: the code that gets each target retrieved best, a ceiling for every attack on a hasher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch

from hashbench.contracts.run import Run
from hashbench.engine.machine.tensors import FILE, load_tensors, save_tensors
from hashbench.engine.stages.codes import CPU, CodesStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given, Stage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.retrieval.oracle import Oracle, best_codes
from hashbench.typing import Facts


@dataclass(frozen=True)
class OracleStage(Stage[Oracle]):
    """The best codes for the targets, or the worst for the queries' own labels, by the protocol's cut-off.

    Ties count in expectation, whatever the protocol says of them.
    """

    name: ClassVar[str] = "oracle"
    code: ClassVar[tuple[str, ...]] = (
        *("engine.stages.codes", "engine.stages.oracle", "retrieval.average_precision", "retrieval.counting"),
        *("retrieval.counting.merging", "retrieval.counting.with_numba", "retrieval.counting.with_numpy"),
        *("retrieval.counting.with_torch", "retrieval.cutoff", "retrieval.oracle", "retrieval.packing", "retrieval.ranking"),
    )
    hasher: HasherStage
    targets: TargetsStage
    worst: bool = False
    """Whether it is the code that gets the queries' own labels retrieved worst instead."""

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"codes": CodesStage(self.hasher), "targets": self.targets, "pixels": self.hasher.pixels}

    def depends(self) -> Facts:
        return {"worst": self.worst, "cutoff": self.targets.protocol.cutoff, "normaliser": self.targets.protocol.normaliser}

    @property
    def work(self) -> str:
        return f"{self.hasher.work}, {self.targets.work}"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        data, protocol = given.get(self.hasher.pixels).data, self.targets.protocol
        targets, rows = given.get(self.targets), data.rows["database"]
        labels = data.labels[data.rows["query"][targets.queries]] if self.worst else targets.labels
        codes = given.get(CodesStage(self.hasher))[rows]
        track = partial(run.track, label="searching for the best codes")
        found = best_codes(codes, data.labels[rows], labels, protocol.cutoff, protocol.normaliser, self.worst, track)
        save_tensors({name: torch.from_numpy(array) for name, array in vars(found).items()}, draft / FILE)

    def read(self, folder: Path, given: Given) -> Oracle:
        arrays = {name: tensor.numpy() for name, tensor in load_tensors(folder / FILE, CPU).items()}
        return Oracle(**arrays)
