"""Hash centres: a code for each class, far from the others, and the code that an image of several classes is drawn to."""

from __future__ import annotations

from math import comb

import torch
from torch import Tensor

TRIES = 20
CANDIDATES = 4096


def hadamard(bits: int) -> Tensor:
    """Sylvester's Hadamard matrix (K, K) of -1 and +1, K a power of two: its rows differ in K / 2 places."""
    matrix = torch.ones(1, 1)
    while len(matrix) < bits:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    return matrix


def central_codes(classes: int, bits: int, generator: torch.Generator) -> Tensor:
    """CSQ's centres (C, K): rows of a Hadamard matrix and their opposites; where there are too few, or K is no power of two, draws.

    A draw has half of each centre's bits +1. The first of 20 whose centres differ in more than K / 4 places, and in K / 2 on
    average, is taken, else the one whose nearest centres are farthest apart (CVPR 2020, algorithm 1).
    """
    if bits & (bits - 1) == 0 and classes <= 2 * bits:
        rows = hadamard(bits)
        return torch.cat([rows, -rows])[:classes]
    half = torch.cat([torch.ones(bits // 2), -torch.ones(bits - bits // 2)])
    draws = []
    for _ in range(TRIES):
        drawn = torch.stack([half[torch.randperm(bits, generator=generator)] for _ in range(classes)])
        nearest, mean = distances(drawn)
        if nearest > bits / 4 and mean >= bits / 2:
            return drawn
        draws.append((nearest, drawn))
    return max(draws, key=lambda draw: draw[0])[1]


def spread_codes(classes: int, bits: int, generator: torch.Generator) -> Tensor:
    """Centres (C, K), one after another the farthest from those before of 4,096 draws; MDSH asks for `promised_distance`."""
    centres = torch.empty(0, bits)
    for _ in range(classes):
        drawn = torch.randint(0, 2, (CANDIDATES, bits), generator=generator).float() * 2 - 1
        drawn = torch.cat([drawn, -centres[-1:]]) if len(centres) == 1 else drawn
        agree = (drawn @ centres.T).amax(1) if len(centres) else torch.zeros(len(drawn))
        centres = torch.cat([centres, drawn[agree.argmin()][None]])
    return centres


def promised_distance(classes: int, bits: int) -> int:
    """The Gilbert-Varshamov bound: so many places, at least, can C codes of K bits differ in, pair by pair (MDSH, CVPR 2023)."""
    ball, distance = 0, 0
    while distance <= bits and (ball + comb(bits, distance)) * (classes - 1) < 2**bits:
        ball += comb(bits, distance)
        distance += 1
    return distance


def distances(centres: Tensor) -> tuple[int, float]:
    """In how many places the two nearest of centres (C, K) differ, and two of them on average; K and K of one centre."""
    classes, bits = centres.shape
    apart = ((bits - centres @ centres.T) / 2)[~torch.eye(classes, dtype=torch.bool)]
    return (int(apart.min()), float(apart.mean())) if classes > 1 else (bits, float(bits))


def draw_ties(bits: int, generator: torch.Generator) -> Tensor:
    """(K,) of -0.5 and +0.5: what decides a bit that the classes of an image disagree on, the same for all images."""
    return torch.randint(0, 2, (bits,), generator=generator).float() - 0.5


def majority(labels: Tensor, centres: Tensor, ties: Tensor) -> Tensor:
    """The code (B, K) of -1 and +1 that images of labels (B, C) are drawn to: bit by bit the majority of their centres."""
    return (labels @ centres + ties).sign()
