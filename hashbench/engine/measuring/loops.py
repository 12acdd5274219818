"""The loops that cost a run its time, on made-up images: hashing, training, attacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from hashbench.contracts.attack import Attack, FittedAim, aim_of
from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal
from hashbench.contracts.hasher import Backbone, Hasher, HashingMethod, TrunkHasher
from hashbench.contracts.run import Precision, Run
from hashbench.contracts.split import Split
from hashbench.contracts.victim import LabelledCodes, Victim
from hashbench.engine.choices import Chosen
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.lowering import lowered, training_in
from hashbench.engine.measuring import plain
from hashbench.engine.stages.codes import hash_split
from hashbench.plugins.configure import configure

CLASSES, STEPS = 8, 3


@dataclass(frozen=True)
class Loop:
    """One kind of work, and how many images go through the network in it, counted where only the work knows."""

    name: str
    run: Callable[[], int]
    plain: Callable[[], object] | None = None
    """The same in fp32 as a plain loop has it, where there is one."""


@dataclass(frozen=True)
class Bench:
    """What is timed: plugins, and how many images of which size."""

    method: Chosen[HashingMethod]
    backbone: Chosen[Backbone]
    attacks: tuple[Chosen[Attack], ...]
    bits: int
    side: int
    images: int

    def loops(self, machine: Machine, precision: Precision) -> Iterator[Loop]:
        """Each loop in a precision; networks have random weights, which times do not depend on."""
        split, run = self._split(), Run(0, machine.device, machine.batch_size, precision=precision)
        hasher = self.method.plugin.build(self.backbone.plugin.build(self.side), self.bits).to(machine.device).eval()
        hasher.requires_grad_(False)
        low = lowered(hasher, precision)
        yield Loop("hashing", partial(_hashed, low, split, run), partial(plain.hashed, hasher, split, run))
        yield Loop(f"training {self.method.text}", partial(self._trained, hasher, split, run))
        codes = hash_split(hasher, split, run, "").float().to(machine.device)
        for chosen in self.attacks:
            known = LabelledCodes(codes, split.labels.to(machine.device))
            yield from _attack_loops(chosen, low, hasher, split, known, run)

    def _split(self) -> Split:
        rng, labels = np.random.default_rng(0), np.eye(CLASSES, dtype=np.uint8)
        pixels = rng.integers(0, 256, (self.images, 3, self.side, self.side), dtype=np.uint8)
        return Split("made up", pixels, labels[np.arange(self.images) % CLASSES], np.arange(self.images))

    def _trained(self, hasher: TrunkHasher, split: Split, run: Run) -> int:
        hasher.requires_grad_(True)
        with training_in(hasher.trunk, run.precision):
            _once(self.method.plugin, "epochs", 1).fit(hasher, split, run)
        hasher.eval().requires_grad_(False)
        return len(split)


def _hashed(hasher: Hasher, split: Split, run: Run) -> int:
    hash_split(hasher, split, run, "")
    return len(split)


def _attack_loops(
    chosen: Chosen[Attack], hasher: Hasher, exact: Hasher, split: Split, known: LabelledCodes, run: Run
) -> Iterator[Loop]:
    """Its training of one epoch, where it trains a network, and its perturbing, a few steps of it."""
    attack: Any = _once(_once(chosen.plugin, "epochs", 1), "steps", STEPS)
    victim = Victim(hasher, chosen.plugin.access, {"train": lambda: known, "database": lambda: known})
    asking = Victim(hasher, "gradients", {"train": lambda: known, "database": lambda: known})
    text = aim_of(attack)
    aim = None
    if text is not None:
        plugin = _once(configure("aims", text, "quick"), "steps", STEPS)
        aim = FittedAim(plugin, plugin.fit(asking, split, run))
    labels = split.labels.to(run.device)
    goal = Goal(labels, labels.roll(1, dims=0), tuple(range(len(split))))
    images = split.images(np.arange(len(split)), run.device)
    codes = None if aim is None else aim.codes(asking, images, goal, run)
    state: dict[str, Tensor] = {}

    def fit() -> int:
        victim.forwards = 0
        state.update(attack.fit(victim, split, aim, Budget(), run))
        return int(victim.forwards)

    def perturb() -> int:
        victim.forwards = 0
        attack.perturb(victim, state, images, goal, codes, Budget(), run)
        return max(victim.forwards, len(split))

    if fit():
        yield Loop(f"training {chosen.text}", fit)
    usual = None
    if codes is not None and plain.is_plain(attack):
        usual = partial(plain.perturbed, exact, attack, images, codes, Budget())
    yield Loop(chosen.text, perturb, usual)


def _once(plugin: Any, option: str, value: int) -> Any:
    """The plugin with a small value of an option, where it has that option."""
    return replace(plugin, **{option: value}) if option in {field.name for field in fields(plugin)} else plugin
