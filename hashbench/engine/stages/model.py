"""Model: a network of the user's, as a hasher."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hashbench.contracts.run import Run
from hashbench.engine.machine.tensors import FACTS, load_facts
from hashbench.engine.models.foreign import Foreign
from hashbench.engine.stages.hasher import HasherStage, LoadedHasher
from hashbench.engine.stages.stage import Given, Stage
from hashbench.results.cell import HasherName
from hashbench.typing import Facts


@dataclass(frozen=True)
class ModelStage(HasherStage):
    """A network by its content. Its weights stay where they are: the store keeps what is known of it."""

    name: ClassVar[str] = "model"
    code: ClassVar[tuple[str, ...]] = (
        *("contracts.model", "engine.models.archives", "engine.models.content", "engine.models.foreign"),
        *("engine.models.loader", "engine.models.probe", "engine.models.toolkits", "engine.stages.model"),
    )
    model: Foreign

    def needs(self) -> Mapping[str, Stage[object]]:
        return {}

    def depends(self) -> Facts:
        return {"model": self.model.content, "image_size": self.model.size}

    @property
    def called(self) -> HasherName:
        return HasherName(hasher=self.model.name, backbone=self.model.network, bits=self.bits)

    @property
    def said(self) -> str:
        return self.label

    @property
    def apart(self) -> str:
        return self.model.content

    @property
    def remarks(self) -> Mapping[str, str]:
        return dict(self.model.seen.remarks)

    @property
    def differentiable(self) -> bool:
        return self.model.seen.differentiable

    @property
    def work(self) -> str:
        return f"{self.label}#{self.model.content[:4]}"

    def untrained(self) -> None:
        return None

    def make(self, draft: Path, given: Given, run: Run) -> None:
        facts = {**self.model.facts, "content": self.model.content, "untrained_control": "none: its making is not known here"}
        (draft / FACTS).write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")

    def read(self, folder: Path, given: Given) -> LoadedHasher:
        model = self.model.again().to(given.machine.device)
        return LoadedHasher(model.eval().requires_grad_(False), load_facts(folder))
