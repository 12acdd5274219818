"""Hashers with known optima, small data, and tensors that tell where they were made."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hashbench.api import Budget, Goal, Hasher, LabelledCodes, Run, Split, Trunk, Victim
from hashbench.configure import configure
from hashbench.engine.seeds import seeded

CPU = torch.device("cpu")


def linear_hasher(bits: int = 8, side: int = 8, seed: int = 0) -> Hasher:
    """Logits w x + b on raw pixels: the cheapest L-inf flip of bit k is |w_k x + b_k| / ||w_k||_1."""
    with seeded(seed, CPU):
        return Hasher(Trunk(nn.Flatten(), 3 * side * side, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), bits)


def small_split(rows: int = 24, classes: int = 4, side: int = 8, seed: int = 0) -> Split:
    rng = np.random.default_rng(seed)
    labels = np.zeros((rows, classes), dtype=np.uint8)
    labels[np.arange(rows), np.arange(rows) % classes] = 1
    pixels = rng.integers(0, 256, (rows, 3, side, side), dtype=np.uint8)
    return Split("small", pixels, labels, np.arange(rows))


def view_of(hasher: Hasher, split: Split, access: Any = "gradients", device: torch.device = CPU) -> Victim:
    """A victim whose database and training split are the rows of `split`."""
    pixels = split.images(np.arange(len(split)), CPU)
    with torch.no_grad():
        codes = torch.where(hasher.to(CPU)(pixels) >= 0, 1.0, -1.0)
    reference = LabelledCodes(codes.to(device), split.labels.to(device))
    return Victim(hasher.to(device), access, {"train": lambda: reference, "database": lambda: reference})


def goal_of(split: Split, count: int = 4, device: torch.device = CPU) -> Goal:
    """The first rows as queries; each one's target is the next class."""
    labels = split.labels[:count].to(device)
    return Goal(labels, labels.roll(1, dims=1), tuple(range(count)))


def perturb(
    attack: str, hasher: Hasher, split: Split, budget: Budget, codes: Tensor | None, seed: int = 0, count: int = 4
) -> Tensor:
    """Run a registered attack that needs no fit on the first rows of `split`."""
    plugin = configure("attacks", attack)
    view = view_of(hasher, split, plugin.access)
    images = split.images(np.arange(count), CPU)
    perturbed: Tensor = plugin.perturb(view, {}, images, goal_of(split, count), codes, budget, Run(seed, CPU))
    return perturbed


SUITE = """
title = "mine"
about = "Every kind of show, in small."

[run]
hasher = ["dpsh[epochs=1]"]
backbone = ["convnet[width=8,warmup_epochs=1]"]
bits = [8, 12]
transfer = true

[attacks]
noise = "noise"
dhta = "dhta[steps=2]"
prosgan = "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
heavy = "prosgan[epochs=1,width=8,decoder_width=8,reconstruction=100,aim=prototype[steps=5]]"

[[show]]
kind = "rows"
rows = [
    { label = "Original", metric = "t_map_clean" },
    { label = "DHTA", attack = "dhta", metric = "t_map" },
    { label = "Anchor code", attack = "dhta", metric = "t_map_aim" },
]

[[show]]
kind = "measures"
measures = ["t_map", "rms", "seconds_per_image"]
rows = [{ label = "DHTA", attack = "dhta" }]

[[show]]
kind = "matrix"
rows = [{ label = "DHTA", attack = "dhta" }]

[[show]]
kind = "curves"
rows = [{ label = "Noise", attack = "noise" }]

[[show]]
kind = "retrieved"
rows = [{ label = "ProS-GAN", attack = "prosgan" }]

[[show]]
kind = "sweep"
option = "reconstruction"
measures = ["t_map", "rms"]
rows = [{ label = "20", attack = "prosgan" }, { label = "100", attack = "heavy" }]
"""
