"""A small hasher, data and goals that contracts are tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from hashbench.contracts.attack import Aim, FittedAim, aim_of
from hashbench.contracts.goal import Goal
from hashbench.contracts.hasher import Trunk, TrunkHasher, sign
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split
from hashbench.contracts.victim import LabelledCodes, Victim
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure

CPU = torch.device("cpu")
BITS, CLASSES, ROWS, SIDE, QUERIES = 8, 4, 48, 32, 4


def small_hasher(bits: int = BITS, side: int = SIDE, seed: int = 0) -> TrunkHasher:
    """Logits w x + b on raw pixels: the cheapest L-inf flip of bit k is |w_k x + b_k| / ||w_k||_1."""
    with seeded(seed, CPU):
        return TrunkHasher(Trunk(nn.Flatten(), 3 * side * side, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), bits).eval()


def small_split(rows: int = ROWS, side: int = SIDE, classes: int = CLASSES, seed: int = 0) -> Split:
    """Random images with one class each."""
    rng = np.random.default_rng(seed)
    labels = np.eye(classes, dtype=np.uint8)[np.arange(rows) % classes]
    return Split("small", rng.integers(0, 256, (rows, 3, side, side), dtype=np.uint8), labels, np.arange(rows))


def small_goal(count: int = QUERIES, device: torch.device = CPU) -> Goal:
    """The first rows as queries; each is to be taken for the next class."""
    labels = torch.eye(CLASSES, device=device)[torch.arange(count, device=device) % CLASSES]
    return Goal(labels, labels.roll(1, dims=1), tuple(range(count)))


def small_victim(hasher: TrunkHasher, split: Split, access: Any = "gradients") -> Victim:
    """The metered view of a hasher whose database and training split are `split`."""
    device = next(hasher.parameters()).device
    with torch.no_grad():
        codes = sign(hasher(split.images(np.arange(len(split)), device)))
    reference = LabelledCodes(codes, split.labels.to(device))
    return Victim(hasher, access, {"train": lambda: reference, "database": lambda: reference})


def small_aim(attack: Any, hasher: TrunkHasher, split: Split) -> FittedAim | None:
    """The attack's aim, fitted on the small data with its quick preset; None where it has none."""
    text = aim_of(attack)
    if text is None:
        return None
    aim: Aim = configure("aims", text, "quick")
    with seeded(0, CPU):
        return FittedAim(aim, aim.fit(small_victim(hasher, split, "gradients"), split, Run(0, CPU)))


def named(kind: str, text: str) -> Any:
    """A plugin by name with its quick preset, as `hashbench run --preset quick` has it."""
    registry.entries(kind)
    return configure(kind, text, "quick")
