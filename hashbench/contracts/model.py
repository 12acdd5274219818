"""A network that hashbench did not train, as a hasher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from hashbench.contracts.hasher import Hasher
from hashbench.errors import UserError
from hashbench.typing import Float

OUTPUTS = ("logits", "tanh", "probability")
_NEAR = 1 - 1e-6
"""Where a saturated tanh is cut, so that its logit is finite."""


class Model(Hasher):
    """A network whose outputs say the code: by their signs, or above one half where they are probabilities.

    `module` maps images (B, 3, H, W) to (B, K). Images in [0, 1] come in; `mean` and `std`, three numbers each, are taken off
    first where the module does not do so itself. `size`: the side of the images it takes, in pixels; None for any.
    `outputs`: 'logits' (any real number; tanh of them is the relaxed code), 'tanh' (in [-1, 1]) or 'probability' (in [0, 1]).
    Raises UserError for a value that is none of these.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        module: object,
        *,
        mean: Any = None,
        std: Any = None,
        size: int | None = None,
        outputs: str = "logits",
    ) -> None:
        super().__init__()
        if not isinstance(module, nn.Module):
            raise UserError(f"a model is a torch.nn.Module, not of type {type(module).__name__}: wrap what you have in one.")
        if outputs not in OUTPUTS:
            raise UserError(f"outputs is {outputs!r}: give 'logits', 'tanh' or 'probability'.")
        for name, values in (("mean", mean), ("std", std)):
            if values is not None and (not isinstance(values, Sequence) or len(values) != 3):
                raise UserError(f"{name} is {values!r}: give three numbers, of red, green and blue.")
        if size is not None and size < 1:
            raise UserError(f"size is {size}: give the side of the images in pixels.")
        if std is not None and min(std) <= 0:
            raise UserError("std has a number that is not above 0.")
        self.module = module
        self.size = size
        self.outputs = outputs
        self.normalises = mean is not None or std is not None
        self.register_buffer("mean", torch.tensor(mean or (0.0, 0.0, 0.0)).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std or (1.0, 1.0, 1.0)).view(1, 3, 1, 1), persistent=False)
        self._bits = 0

    @property
    def bits(self) -> int:
        return self._bits

    def with_bits(self, bits: int) -> Model:
        """The model, once it is known how many outputs it has."""
        self._bits = bits
        return self

    def raw(self, images: Float[Tensor, "b 3 h w"]) -> Tensor:
        """The outputs of the network itself."""
        return cast(Tensor, self.module((images - self.mean) / self.std if self.normalises else images))

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b bits"]:
        outputs = self.raw(images)
        if outputs.dtype in (torch.float16, torch.bfloat16):  # in them tanh is 1 from 3.5 on, and atanh of that infinite
            outputs = outputs.float()
        if self.outputs == "logits":
            return outputs
        relaxed = outputs if self.outputs == "tanh" else 2 * outputs - 1
        return torch.atanh(relaxed.clamp(-_NEAR, _NEAR))

    def train(self, mode: bool = True) -> Model:
        """Exported programs have one mode and refuse to be asked for another."""
        self.training = mode
        for module in self.children():
            try:
                module.train(mode)
            except NotImplementedError:
                continue
        return self
