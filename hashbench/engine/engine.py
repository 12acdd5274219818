"""The engine: gives the product of any stage, from memory, from the store, or made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar, cast

from hashbench.contracts.run import Run, derive_seed
from hashbench.engine.machine.cache import Cache
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.environment import environment
from hashbench.engine.machine.precision import rounding
from hashbench.engine.machine.seeds import aside, seeded
from hashbench.engine.stages.stage import Stage, key, missing, place
from hashbench.engine.store.store import Store

T = TypeVar("T")


class Engine:
    """Stages in, products out. What is read stays in memory up to the machine's limit."""

    def __init__(self, store: Store, machine: Machine) -> None:
        self.store = store
        self.machine = machine
        self.cache = Cache(machine.memory)
        self.environment = environment(machine)
        """What numbers are made in, as results say: this process's, or its workers'."""
        self.failed: dict[Path, Exception] = {}
        """Folders of products that workers could not make, and why: they are not tried again here."""

    def get(self, stage: Stage[T]) -> T:
        """The product of a stage, with all it stands on made first where the store lacks it."""
        if stage not in self.cache:
            folder = self.folder(stage)
            with aside(self.machine.device):
                self.cache[stage] = stage.read(folder, self)
        return cast(T, self.cache[stage])

    def folder(self, stage: Stage[object]) -> Path:
        """The folder of the product's files, which are made where there are none."""
        path = place(self.store.root, stage)
        if self.store.sound(path):
            return path
        if path in self.failed:
            raise self.failed[path]
        for need in stage.needs().values():
            self.folder(need)
        return self.store.product(stage.name, key(stage), lambda draft: self._make(stage, draft), stage.work)

    def missing(self, wanted: Iterable[Stage[object]]) -> list[Stage[object]]:
        """The stages that would be made for the wanted ones, in the order they would be made in."""
        return list(missing(self.store.root, wanted))

    def let_go(self, stages: Iterable[Stage[object]]) -> None:
        """Drop products from memory: a hasher that nothing needs any more leaves the device."""
        for stage in stages:
            self.cache.drop(stage)

    def _make(self, stage: Stage[object], draft: Path) -> float:
        machine, checkpoint = self.machine, self.store.checkpoint(stage.name, key(stage))
        run = Run(derive_seed(stage.seed), machine.device, machine.batch_size, machine.progress, checkpoint)
        with seeded(stage.seed, machine.device, machine.deterministic), rounding("fp32"):
            stage.make(draft, self, run)
        return run.spent
