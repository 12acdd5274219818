"""Codes of database images of the target: one (P2P), or the majority of several (DHTA's anchor code)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Aim, Goal, Run, State, UserError, Victim, option


def majority(codes: Tensor) -> Tensor:
    """The sign of the sum of codes (n, K) in {-1, +1}, n odd: it minimises the mean distance to them (DHTA, theorem 1)."""
    return codes.sum(0).sign()


@dataclass(frozen=True)
class AnchorCode(Aim):
    """DHTA's anchor code: the majority code of 9 database images that have exactly the target's labels"""

    paper: ClassVar[str] = "https://arxiv.org/abs/2004.07955"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": {"members": 9, "replacement": True},
        "original": {"members": 9, "replacement": False},
    }
    members: int = option(9, "database images an anchor is the majority of (odd); where fewer have the labels, all but an even one")
    replacement: bool = option(False, "draw the images with replacement, as the release")

    def __post_init__(self) -> None:
        if self.members < 1 or self.members % 2 == 0:
            raise ValueError(f"members is {self.members}: give an odd number, so that no bit is a tie.")

    def codes(self, victim: Victim, state: State, images: Tensor, goal: Goal, run: Run) -> Tensor:
        database = victim.reference("database")
        anchors = []
        for index, target in zip(goal.indices, goal.target_labels, strict=True):
            rows = (database.labels == target).all(1).nonzero()[:, 0]
            if not len(rows):
                raise UserError(f"query {index}: no database image has exactly its target's labels, so there is no anchor code.")
            anchors.append(majority(database.codes[rows[self._draw(len(rows), run.query_generator(index)).to(rows.device)]]))
        return torch.stack(anchors)

    def _draw(self, available: int, generator: torch.Generator) -> Tensor:
        if self.replacement:
            return torch.randint(available, (self.members,), generator=generator)
        count = min(self.members, available - 1 + available % 2)
        return torch.randperm(available, generator=generator)[:count]


@dataclass(frozen=True)
class P2PCode(AnchorCode):
    """P2P: the code of one database image that has exactly the target's labels"""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        name: {**options, "members": 1} for name, options in AnchorCode.presets.items()
    }
    members: int = option(1, "database images an anchor is the majority of (odd); where fewer have the labels, all but an even one")
