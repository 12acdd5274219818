"""Hasher: trained on a trunk, or a published one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, cast

import torch

from hashbench.contracts.features import Features
from hashbench.contracts.hasher import Backbone, HashingMethod, TrunkHasher
from hashbench.contracts.plugin import Plugin
from hashbench.contracts.run import Run, derive_seed
from hashbench.contracts.split import Split
from hashbench.engine.choices import Chosen, Imported
from hashbench.engine.machine.lowering import training_in
from hashbench.engine.machine.seeds import aside
from hashbench.engine.machine.tensors import FILE, load_facts, load_tensors, save_product
from hashbench.engine.publishing.card import WEIGHTS, Card, read_card
from hashbench.engine.stages.features import FeaturesStage
from hashbench.engine.stages.hasher import HasherStage, LoadedHasher
from hashbench.engine.stages.pixels import train_content
from hashbench.engine.stages.stage import LOWERING, Given, Stage, identity, in_precision
from hashbench.engine.stages.trunk import TrunkStage
from hashbench.errors import UserError
from hashbench.plugins.fingerprint import core_hash
from hashbench.results.cell import HasherName
from hashbench.typing import Facts

ATTACKED = ("contracts.budget", "contracts.victim")
"""The core's modules that a training with attacks goes through."""


@dataclass(frozen=True)
class TrainedStage(HasherStage):
    """A hasher of ours by everything its training depends on."""

    name: ClassVar[str] = "hasher"
    code: ClassVar[tuple[str, ...]] = (
        "contracts.run",
        "contracts.split",
        "engine.machine.seeds",
        "engine.stages.trained",
        *LOWERING,
    )
    method: Chosen[HashingMethod]
    backbone: Chosen[Backbone]
    imported: Imported | None = None
    """Take these weights instead of training."""

    def needs(self) -> Mapping[str, Stage[object]]:
        if self.imported is not None:
            return {"pixels": self.pixels}
        if self.start is not None:
            return {"pixels": self.pixels, "start": self.start}
        kept = {"features": FeaturesStage(self.trunk)} if self.method.plugin.keeps_features else {}
        return {"pixels": self.pixels, "trunk": self.trunk, **kept}

    def depends(self) -> Facts:
        if self.imported is not None:
            plugins: Facts = {"method": self.method.key, "backbone": self.backbone.key}
            return plugins | {"imported": self.imported.card_sha256, "content": self.pixels.content}
        attacked: Facts = {"attacked by": core_hash(ATTACKED)} if self.start is not None else {}
        return {"method": self.method.key, "bits": self.bits, "seed": self.seed, **in_precision(self.training), **attacked}

    @property
    def seed(self) -> int:
        names = (self.pixels.source.said, self.backbone.said, self.method.said, self.bits)
        return derive_seed(self.seed_of_run, "hasher", *names)

    @property
    def trunk(self) -> TrunkStage:
        """The trunk it is trained on."""
        return TrunkStage(self.pixels, self.backbone, self.seed_of_run, self.training)

    @property
    def start(self) -> TrainedStage | None:
        """The hasher that training starts from, where the method names one."""
        name = self.method.plugin.starts_from
        return replace(self, method=cast(Chosen[HashingMethod], self.method.parts[name])) if name else None

    @property
    def called(self) -> HasherName:
        return HasherName(hasher=self.method.text, backbone=self.backbone.text, bits=self.bits)

    @property
    def said(self) -> str:
        return f"{self.method.said}-{self.backbone.said}-{self.bits}"

    @property
    def plugins(self) -> Mapping[str, Chosen[Plugin]]:
        return {"hasher": self.method, "backbone": self.backbone}

    @property
    def apart(self) -> str:
        return "" if self.imported is None else self.imported.card_sha256

    @property
    def work(self) -> str:
        return f"{self.method.work} with {self.trunk.work}"

    def make(self, draft: Path, given: Given, run: Run) -> None:
        if self.imported is not None:
            return self._take_over(draft, given, self.imported)
        hasher, facts = self._begun(given, run)
        with training_in(hasher.trunk, self.training):
            facts |= self.method.plugin.fit(hasher, self._training_data(given), run)
        facts["filtered"] = self.method.plugin.filters
        save_product(draft, hasher.state_dict(), {**facts, **in_precision(self.training)})

    def _begun(self, given: Given, run: Run) -> tuple[TrunkHasher, Facts]:
        """The hasher that training starts from, and facts about it: on a trunk, or around one that is trained."""
        if self.start is not None:
            before = given.get(self.start)
            trained = self.start.untrained()
            trained.load_state_dict(before.hasher.state_dict())
            facts = {**before.facts, "started_from": identity(self.start)}
            return self.method.plugin.around(trained).to(run.device), facts
        weights = given.get(self.trunk)
        with aside(run.device):
            trunk = self.trunk.build()
        trunk.load_state_dict(weights.state)
        return self.method.plugin.build(trunk.to(run.device), self.bits).to(run.device), dict(weights.facts)

    def _training_data(self, given: Given) -> Split:
        """The training images, or their features where the trunk stays."""
        images = given.get(self.pixels).split("train")
        return Features(images, given.get(FeaturesStage(self.trunk))) if self.method.plugin.keeps_features else images

    def _take_over(self, draft: Path, given: Given, imported: Imported) -> None:
        """A published hasher, as seen on these images."""
        card, sha256 = read_card(imported.folder)
        if sha256 != imported.card_sha256:
            raise UserError(f"the hasher in {imported.folder} was replaced during this run: run it again.")
        facts = card.facts | {
            "imported": imported.name,
            "card_sha256": sha256,
            "trained_on": card.data.name,
            "trained_on_these_training_images": card.data.train_images == train_content(given.get(self.pixels)),
            "code_differs": self._code_differs(card),
            "map_on_card": card.map,
        }
        hasher = self.untrained()
        hasher.load_state_dict(load_tensors(imported.folder / WEIGHTS, torch.device("cpu")))
        save_product(draft, hasher.state_dict(), facts)

    def _code_differs(self, card: Card) -> bool:
        return [one.code for one in card.plugins] != [self.method.key["code"], self.backbone.key["code"]]

    def untrained(self) -> TrunkHasher:
        return self.method.plugin.build(self.trunk.build(), self.bits)

    def read(self, folder: Path, given: Given) -> LoadedHasher:
        hasher = self.untrained().to(given.machine.device)
        hasher.load_state_dict(load_tensors(folder / FILE, given.machine.device))
        return LoadedHasher(hasher.eval().requires_grad_(False), load_facts(folder))
