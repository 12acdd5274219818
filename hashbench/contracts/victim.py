"""A metered, access-checked view of a hasher: all that an attack gets to see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hashbench.contracts.hasher import Hasher, sign
from hashbench.errors import ContractError
from hashbench.typing import Float

Access = Literal["gradients", "labelled-codes", "codes", "query-code", "query-distances", "query-ids", "none"]
"""Everything; codes of own images and the labelled codes of the splits; the former alone; answers of a search engine (`Search`);
nothing."""
Grants = Literal["train", "database"]


@dataclass(frozen=True)
class LabelledCodes:
    """Codes in {-1, +1} and multi-hot labels of the same rows."""

    codes: Float[Tensor, "n bits"]
    labels: Float[Tensor, "n classes"]


class Victim:
    """The hasher under attack: evaluation mode, weights frozen, every image counted forward and backward.

    Raises ContractError when an attack asks for more than its `access` grants.
    """

    def __init__(self, hasher: Hasher, access: Access, references: Mapping[str, Callable[[], LabelledCodes]] | None = None) -> None:
        self._hasher = hasher.eval().requires_grad_(False)
        self._access = access
        self._references = references or {}
        self.forwards = 0
        self.backwards = 0

    @property
    def bits(self) -> int:
        return self._hasher.bits

    def logits(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b bits"]:
        """Outputs before tanh, differentiable with respect to the images. Access: gradients."""
        self._require("logits", "gradients")
        return self._metered(images)

    def relaxed(self, images: Float[Tensor, "b 3 h w"], alpha: float = 1.0) -> Float[Tensor, "b bits"]:
        """tanh(alpha * logits), differentiable with respect to the images. Access: gradients."""
        self._require("relaxed", "gradients")
        return torch.tanh(alpha * self._metered(images))

    def codes(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b bits"]:
        """Codes in {-1, +1}, without gradients. Access: codes."""
        self._require("codes", "gradients", "labelled-codes", "codes")
        with torch.no_grad():
            return sign(self._metered(images))

    def reference(self, split: Grants) -> LabelledCodes:
        """The labelled codes of the training split or of the database. Access: labelled-codes."""
        self._require("reference", "gradients", "labelled-codes")
        return self._references[split]()

    def restart(self) -> None:
        """Set the counts to 0."""
        self.forwards = self.backwards = 0

    def state_dict(self) -> dict[str, int]:
        """The counts, for a loop that is taken up again."""
        return {"forwards": self.forwards, "backwards": self.backwards}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Go on counting from there."""
        self.forwards, self.backwards = state_dict["forwards"], state_dict["backwards"]

    def _require(self, what: str, *granted: str) -> None:
        if self._access not in granted:
            raise ContractError(f"the attack declares access '{self._access}' and asked for {what}, which needs '{granted[-1]}'.")

    def _metered(self, images: Tensor) -> Tensor:
        count = images.shape[0]
        self.forwards += count
        logits: Tensor = self._hasher(images)
        if logits.requires_grad:
            logits.register_hook(lambda gradient: self._count_backward(count))
        return logits

    def _count_backward(self, count: int) -> None:
        self.backwards += count
