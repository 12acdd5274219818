"""Aim: what an aim learns about a hasher, once for all attacks; and the codes it steers each query to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from hashbench.contracts.attack import Aim, FittedAim
from hashbench.contracts.plugin import options_of
from hashbench.contracts.run import Run, derive_seed
from hashbench.engine.choices import Chosen
from hashbench.engine.machine.tensors import FILE, save_tensors
from hashbench.engine.stages.batches import query_batches
from hashbench.engine.stages.codes import CodesStage, read_codes
from hashbench.engine.stages.fitted import Fitted, read_fit, save_fit
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given, Stage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.stages.victim import victim_of
from hashbench.engine.store.store import canonical
from hashbench.typing import Facts


@dataclass(frozen=True)
class AimStage(Stage[Fitted]):
    """An aim fitted on a hasher."""

    name: ClassVar[str] = "aim"
    code: ClassVar[tuple[str, ...]] = (
        *(
            "contracts.run",
            "contracts.split",
            "contracts.victim",
            "engine.machine.seeds",
            "engine.stages.aim",
            "engine.stages.victim",
        ),
    )
    hasher: HasherStage
    aim: Chosen[Aim]

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"hasher": self.hasher, "codes": CodesStage(self.hasher), "pixels": self.hasher.pixels}

    def depends(self) -> Facts:
        return {"aim": self.aim.key, "seed": self.seed}

    @property
    def seed(self) -> int:
        return derive_seed(self.hasher.seed_of_run, "fit aim", self.hasher.pixels.source.said, self.hasher.said, self.aim.said)

    @property
    def work(self) -> str:
        return f"{self.aim.work} against {self.hasher.work}"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        data, view = given.get(self.hasher.pixels).split("train"), victim_of(given, self.hasher, "gradients")
        state, seconds = given.machine.timed(lambda: self.aim.plugin.fit(view, data, run))
        save_fit(draft, state, run.spent + seconds)

    def read(self, folder: Path, given: Given) -> Fitted:
        return read_fit(folder, given)

    def fitted(self, given: Given) -> FittedAim:
        """The aim with what it learned."""
        return FittedAim(self.aim.plugin, given.get(self).state)


@dataclass(frozen=True)
class AimCodesStage(Stage[np.ndarray]):
    """(Q, K) int8 codes the aim steers to.

    Images drawn for anchors are the same for every hasher, and for every attack whose aim has the same options, however written.
    """

    name: ClassVar[str] = "aim-codes"
    code: ClassVar[tuple[str, ...]] = (
        *("contracts.run", "contracts.victim", "engine.stages.aim", "engine.stages.batches", "engine.stages.victim"),
    )
    aim: AimStage
    targets: TargetsStage

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"aim": self.aim, "targets": self.targets, "codes": CodesStage(self.aim.hasher), "pixels": self.aim.hasher.pixels}

    def depends(self) -> Facts:
        return {"seed": self.seed}

    @property
    def seed(self) -> int:
        chosen, hasher = self.aim.aim, self.aim.hasher
        return derive_seed(hasher.seed_of_run, "aim", hasher.pixels.source.said, chosen.name, canonical(options_of(chosen.plugin)))

    @property
    def work(self) -> str:
        return self.aim.work

    def make(self, draft: Path, given: Given, run: Run) -> None:
        fitted, view = self.aim.fitted(given), victim_of(given, self.aim.hasher, "gradients")
        batches = query_batches(given, self.targets)
        codes = [fitted.codes(view, images, goal, run).to(torch.int8).cpu() for images, goal in batches]
        save_tensors({"codes": torch.cat(codes)}, draft / FILE)

    def read(self, folder: Path, given: Given) -> np.ndarray:
        return read_codes(folder)
