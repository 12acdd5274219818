"""The codes of the training split as an attack keeps them: equal rows once, with their number."""

from __future__ import annotations

import torch
from torch import Tensor

from hashbench.api import State, Victim


def bank_of(victim: Victim) -> dict[str, Tensor]:
    """`bank.codes` (n, K), `bank.labels` (n, C) and `bank.counts` (n,) of the distinct rows of the training split."""
    train = victim.reference("train")
    bits = train.codes.shape[1]
    rows, counts = torch.unique(torch.cat([train.codes, train.labels], dim=1), dim=0, return_counts=True)
    return {
        "bank.codes": rows[:, :bits].contiguous(),
        "bank.labels": rows[:, bits:].contiguous(),
        "bank.counts": counts.to(rows.dtype),
    }


def relevant(state: State, labels: Tensor) -> Tensor:
    """(B, n) how many training images each row stands for, where it shares a class with the labels (B, C); else 0."""
    return (labels @ state["bank.labels"].T > 0).to(labels.dtype) * state["bank.counts"]
