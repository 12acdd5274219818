"""Images: adversarial ones as they are scored, and what was seen while they were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.products import AttackLog
from hashbench.contracts.run import Run, derive_seed
from hashbench.engine.machine.tensors import FILE, load_facts, load_tensors, save_product, save_tensors
from hashbench.engine.stages.aim import AimCodesStage
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.codes import CPU, CodesStage, hash_pixels, read_codes
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.judging import ceiling_of
from hashbench.engine.stages.perturb import perturb_all
from hashbench.engine.stages.stage import LOWERING, Given, Stage
from hashbench.engine.stages.targets import TargetsStage
from hashbench.typing import Facts


@dataclass(frozen=True)
class AttackedImages:
    """Adversarial images, and what was seen while they were made."""

    adversarial: np.ndarray
    """(Q, 3, h, w) uint8, or float32 in [0, 1] where the protocol does not round."""
    log: AttackLog
    unrounded_codes: np.ndarray
    """(Q, K) int8 codes of the same images before they were rounded to 8 bits."""


@dataclass(frozen=True)
class ImagesStage(Stage[AttackedImages]):
    """The attacked queries: perturbed, and enforced as the protocol says."""

    name: ClassVar[str] = "images"
    code: ClassVar[tuple[str, ...]] = (
        *("contracts.budget", "contracts.run", "contracts.victim", "engine.stages.batches", "engine.stages.checks"),
        *("protocols.scoring", *LOWERING),
        *(
            "engine.machine.seeds",
            "engine.stages.enforce",
            "engine.stages.images",
            "engine.stages.judging",
            "engine.stages.attackers",
            "engine.stages.perturb",
            "engine.stages.questions",
            "contracts.search",
            "engine.stages.victim",
        ),
    )
    attack: AttackStage
    targets: TargetsStage
    batch_size: int

    def needs(self) -> Mapping[str, Stage[object]]:
        source = self.attack.source
        needs: dict[str, Stage[object]] = {"attack": self.attack, "targets": self.targets}
        needs |= {"hasher": source, "codes": CodesStage(source), "pixels": source.pixels}
        if (ceiling := ceiling_of(self.attack, self.targets)) is not None:
            needs["oracle"] = ceiling
        return needs if self.aim_codes is None else needs | {"aim codes": self.aim_codes}

    def depends(self) -> Facts:
        protocol = self.targets.protocol
        enforced = [protocol.enforce_budget, protocol.eight_bit]
        judged: Facts = {"ties": protocol.ties} if ceiling_of(self.attack, self.targets) is not None else {}
        asked: Facts = {"readings": [*protocol.readings]} if isinstance(self.attack.attack.plugin, QueryAttack) else {}
        return {"enforce": [*enforced], "batch_size": self.batch_size, "seed": self.seed, **judged, **asked}

    @property
    def seed(self) -> int:
        return derive_seed("perturb", *self.attack.names)

    @property
    def aim_codes(self) -> AimCodesStage | None:
        """The stage of the codes that the images are steered to; None without an aim."""
        return None if self.attack.aim is None else AimCodesStage(self.attack.aim, self.targets)

    @property
    def work(self) -> str:
        return f"{self.attack.work}, {self.targets.queries.count or 'all'} queries"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        codes = None if self.aim_codes is None else given.get(self.aim_codes)
        tensors, timing = perturb_all(given, self.attack, self.targets, codes, run)
        save_product(draft, tensors, {**timing})

    def read(self, folder: Path, given: Given) -> AttackedImages:
        arrays = {name: tensor.numpy() for name, tensor in load_tensors(folder / FILE, CPU).items()}
        aim = self.attack.aim
        log = AttackLog(
            arrays["squares"],
            arrays["linf"],
            arrays["changed"],
            **{name: float(str(value)) for name, value in load_facts(folder).items()},
            fit_seconds=given.get(self.attack).seconds,
            aim_fit_seconds=0.0 if aim is None else given.get(aim).seconds,
            zero_gradient=arrays.get("zero_gradient"),
            change_without_budget=float(arrays["change_without_budget"]),
            saturated=arrays.get("saturated"),
            random_hasher=bool(arrays["random_hasher"]),
            members={name.removeprefix("member/"): codes for name, codes in arrays.items() if name.startswith("member/")},
            choice=arrays.get("choice"),
            readings={int(name.removeprefix("reading/")): codes for name, codes in arrays.items() if name.startswith("reading/")},
            questions=arrays.get("questions"),
            fit_questions=given.get(self.attack).questions,
        )
        return AttackedImages(arrays["adversarial"], log, arrays["unrounded_codes"])


@dataclass(frozen=True)
class AttackedCodesStage(Stage[np.ndarray]):
    """(Q, K) int8 codes of adversarial images on a hasher, the attacked one or another."""

    name: ClassVar[str] = "attacked-codes"
    code: ClassVar[tuple[str, ...]] = ("contracts.hasher", "contracts.split", "engine.stages.codes")
    images: ImagesStage
    target: HasherStage

    @property
    def seed(self) -> int:
        return derive_seed(self.target.seed_of_run, self.name)

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"images": self.images, "hasher": self.target}

    def depends(self) -> Facts:
        return {}

    @property
    def work(self) -> str:
        return f"{self.images.work}, on {self.target.work}"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        codes = hash_pixels(given.get(self.target).hasher, given.get(self.images).adversarial, run)
        save_tensors({"codes": codes}, draft / FILE)

    def read(self, folder: Path, given: Given) -> np.ndarray:
        return read_codes(folder)
