"""Trunk: a backbone with its weights, loaded or warmed up. Methods and code lengths share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.contracts.hasher import Backbone, Trunk
from hashbench.contracts.run import Precision, Run, derive_seed
from hashbench.engine.choices import Chosen
from hashbench.engine.machine.lowering import training_in
from hashbench.engine.machine.tensors import FILE, load_facts, load_tensors, save_product
from hashbench.engine.stages.pixels import PixelsStage
from hashbench.engine.stages.stage import LOWERING, Given, Stage, in_precision, said_precision
from hashbench.typing import Facts


@dataclass(frozen=True)
class TrunkWeights:
    """A trunk's state on the CPU, and facts about where it is from."""

    state: Mapping[str, Tensor]
    facts: Facts


@dataclass(frozen=True)
class TrunkStage(Stage[TrunkWeights]):
    """A backbone on a dataset."""

    name: ClassVar[str] = "trunk"
    code: ClassVar[tuple[str, ...]] = ("contracts.run", "contracts.split", "engine.machine.seeds", "engine.stages.trunk", *LOWERING)
    pixels: PixelsStage
    backbone: Chosen[Backbone]
    seed_of_run: int
    training: Precision = "fp32"

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"pixels": self.pixels}

    def depends(self) -> Facts:
        return {"content": self.pixels.content, "backbone": self.backbone.key, "seed": self.seed, **in_precision(self.training)}

    @property
    def seed(self) -> int:
        return derive_seed(self.seed_of_run, "trunk", self.pixels.source.said, self.backbone.said)

    @property
    def work(self) -> str:
        return f"{self.backbone.work} on {self.pixels.work}{said_precision(self.training)}"

    def build(self) -> Trunk:
        """The architecture with fresh weights."""
        return self.backbone.plugin.build(self.pixels.source.image_size)

    def make(self, draft: Path, given: Given, run: Run) -> None:
        trunk = self.build().to(run.device)
        with training_in(trunk, self.training):
            facts = self.backbone.plugin.fit(trunk, given.get(self.pixels).split("train"), run)
        statistics = {"mean": trunk.mean.flatten().tolist(), "std": trunk.std.flatten().tolist()}
        save_product(draft, trunk.state_dict(), {**facts, **statistics})

    def read(self, folder: Path, given: Given) -> TrunkWeights:
        return TrunkWeights(load_tensors(folder / FILE, torch.device("cpu")), load_facts(folder))
