"""Attacks that look only at whether an answer is good enough."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from hashbench.api import Asked, Asking, Hunt, option


@dataclass(frozen=True)
class Decision(Asking):
    """Good enough is an answer that lies `reach` of the way from the clean one to an example's own, or to one that has nothing to
    do with the query."""

    reach: float = option(0.5, "share of the way from which an answer is good enough")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.reach <= 1:
            raise ValueError(f"reach is {self.reach:g}: give a share in (0, 1].")

    def enough(self, hunt: Hunt, images: Tensor, asking: Tensor | None = None) -> Tensor:
        """(B,) bool, by a question for every query or for those of a mask; False for those that do not ask."""
        quest = hunt.quest
        assert isinstance(quest, Asked)
        return quest(images, asking) >= quest.start + self.reach * (quest.top - quest.start)
