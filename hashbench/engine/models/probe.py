"""A first look at a network: what it makes of a few images, before anything is asked of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from hashbench.contracts.model import Model
from hashbench.errors import UserError
from hashbench.typing import Facts

LONGEST = 256
IMAGES = 4


@dataclass(frozen=True)
class Probe:
    """What was seen on four images of noise."""

    bits: int
    low: float
    """The least and the largest output of the network itself."""
    high: float
    zeros: float
    """The share of outputs that are exactly 0."""
    random: bool
    """Whether the same images gave other outputs the second time."""
    differentiable: bool
    outputs: str
    """A hash of what it gave."""
    remarks: tuple[tuple[str, str], ...]
    """Flags that follow, with a sentence each."""

    @property
    def facts(self) -> Facts:
        return {"outputs_low": self.low, "outputs_high": self.high, "outputs_zero": self.zeros, "random": self.random}


def probe(model: Model, size: int, text: str) -> Probe:
    """Raises UserError where the model can't be a hasher of images of `size` px."""
    training = any(module.training for module in model.module.modules())
    model.eval().requires_grad_(False)
    images = torch.rand(IMAGES, 3, size, size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    outputs = _outputs(model, images, text)
    plain, again = outputs.detach(), _outputs(model, images, text).detach()
    low, high = float(plain.min()), float(plain.max())
    if not bool(plain.isfinite().all()):
        raise UserError(f"the model {text} gives outputs that are not finite on images of noise: look at its weights.")
    within = {"probability": (0.0, 1.0), "tanh": (-1.0, 1.0)}.get(model.outputs)
    if within is not None and not within[0] <= low <= high <= within[1]:
        raise UserError(
            f"the model {text} gives outputs from {low:.3g} to {high:.3g}, not in [{within[0]:g}, {within[1]:g}] as "
            f"outputs='{model.outputs}' says: say what they are."
        )
    zeros, random = float((plain == 0).float().mean()), not torch.equal(plain, again)
    differentiable = outputs.requires_grad and _has_gradient(outputs, images)
    remarks = _remarks(model, plain, zeros, random, differentiable, training)
    seen = hashlib.sha256(plain.float().numpy().tobytes()).hexdigest()
    return Probe(outputs.shape[1], low, high, zeros, random, differentiable, seen, tuple(remarks.items()))


def _outputs(model: Model, images: Tensor, text: str) -> Tensor:
    side = images.shape[-1]
    try:
        outputs = model.raw(images)
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"the model {text} fails on {IMAGES} images of {side} px ({type(error).__name__}: {reason}): "
            "it has to take any number of images of this size, which --image-size sets, as 32-bit floats."
        ) from error
    if not isinstance(outputs, Tensor):
        raise UserError(
            f"the model {text} returns a {type(outputs).__name__}: wrap it so that it returns the outputs (B, bits) alone."
        )
    if outputs.dim() != 2 or len(outputs) != IMAGES or not 1 <= outputs.shape[1] <= LONGEST:
        raise UserError(
            f"the model {text} gives outputs of shape {tuple(outputs.shape)} for {IMAGES} images: a hasher gives ({IMAGES}, bits), "
            f"with 1 to {LONGEST} bits."
        )
    if not outputs.is_floating_point():
        raise UserError(f"the model {text} gives outputs of type {outputs.dtype}: a hasher gives real numbers.")
    return outputs


def _has_gradient(outputs: Tensor, images: Tensor) -> bool:
    (gradient,) = torch.autograd.grad(outputs.sum(), images, allow_unused=True)
    return gradient is not None


def _remarks(model: Model, outputs: Tensor, zeros: float, random: bool, differentiable: bool, training: bool) -> dict[str, str]:
    said = {}
    if random:
        said["random-outputs"] = "the same image gets other outputs each time: the codes, and every number here, are one draw"
    if training:
        said["training-mode"] = "the model came in training mode; it was switched to evaluation mode"
    if not differentiable:
        said["no-gradient"] = "the outputs have no gradient: attacks that need gradients are skipped, which shows no robustness"
    if bool((outputs == outputs[:1]).all()):
        said["constant-outputs"] = "the network gave the same outputs for all images of noise: it may not look at them"
    if zeros:
        said["zero-outputs"] = f"{zeros:.0%} of the model's outputs are exactly 0, which count as +1"
    if model.outputs == "logits" and bool((outputs >= 0).all()) and outputs.shape[1] > 1:
        said["never-negative"] = "no output is negative, so every bit is +1: say outputs='probability' if they are probabilities"
    return said
