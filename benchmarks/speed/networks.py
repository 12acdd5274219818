"""Hashers to time."""

from __future__ import annotations

import torch

from hashbench.api import TrunkHasher
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure

CPU = torch.device("cpu")


def hasher_of(network: str, side: int) -> TrunkHasher:
    """32 bits on a trunk with random weights, the same at each call, frozen."""
    with seeded(0, CPU):
        text = network if network == "convnet" else f"{network}[weights=none]"
        trunk = configure("backbones", text).build(side)
        return TrunkHasher(trunk, 32).eval().requires_grad_(False)
