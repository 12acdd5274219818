"""The oracle's code: the one that gets the target retrieved best."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hashbench.api import Aim, Goal, Run, State, Victim, best_codes


@dataclass(frozen=True)
class OracleCode(Aim):
    """The code of largest average precision for the target over the database, found by search: a ceiling, not an attacker's means

    All codes are tried up to 12 bits; beyond, the database's own and closed forms are improved bit by bit. Ties count in
    expectation, at all ranks.
    """

    def codes(self, victim: Victim, state: State, images: Tensor, goal: Goal, run: Run) -> Tensor:
        database = victim.reference("database")
        known, labels, wanted = (one.cpu().numpy() for one in (database.codes, database.labels, goal.target_labels))
        found = best_codes(known.astype("int8"), labels.astype("uint8"), wanted.astype("uint8"))
        return torch.from_numpy(found.codes).to(images.device, images.dtype)
