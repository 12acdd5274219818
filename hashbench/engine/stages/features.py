"""Features: what a trunk that stays makes of the training images, once for every hash layer that learns on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from hashbench.contracts.features import kept_features
from hashbench.contracts.run import Run
from hashbench.engine.machine.lowering import training_in
from hashbench.engine.machine.tensors import FILE, load_tensors, save_product
from hashbench.engine.stages.stage import LOWERING, Given, Stage
from hashbench.engine.stages.trunk import TrunkStage
from hashbench.typing import Facts


@dataclass(frozen=True)
class FeaturesStage(Stage[Tensor]):
    """The training images' features (N, width), in fp32."""

    name: ClassVar[str] = "features"
    code: ClassVar[tuple[str, ...]] = ("contracts.features", "contracts.split", "engine.stages.features", *LOWERING)
    trunk: TrunkStage

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"pixels": self.trunk.pixels, "trunk": self.trunk}

    def depends(self) -> Facts:
        return {}

    @property
    def work(self) -> str:
        return f"features of {self.trunk.work}"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        trunk = self.trunk.build()
        trunk.load_state_dict(given.get(self.trunk).state)
        trunk.to(run.device).eval()
        with training_in(trunk, self.trunk.training):
            kept = kept_features(trunk, given.get(self.trunk.pixels).split("train"), run)
        save_product(draft, {"features": kept.features}, {})

    def read(self, folder: Path, given: Given) -> Tensor:
        return load_tensors(folder / FILE, given.machine.device)["features"]
