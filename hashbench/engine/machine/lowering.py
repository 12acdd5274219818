"""Lowering: a hasher's network in another number format, its hash layer in fp32."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torch.nn.modules.batchnorm import _BatchNorm

from hashbench.contracts.hasher import Hasher, Trunk, TrunkHasher
from hashbench.contracts.run import DTYPES, Precision
from hashbench.engine.machine.precision import rounding


def lowered(hasher: Hasher, precision: Precision) -> Hasher:
    """A frozen copy whose network computes in `precision`, with weights cast once; itself for fp32 and tf32.

    Of a hasher that is a trunk and a hash layer, the layer stays in fp32; of another network, what torch's autocast leaves.
    """
    if precision not in DTYPES:
        return hasher
    if not isinstance(hasher, TrunkHasher):
        return _Autocast(hasher, DTYPES[precision]).eval()
    copied = copy.deepcopy(hasher)
    copied.eval().requires_grad_(False)
    copied.trunk.body = _Cast(_folded(copied.trunk.body), DTYPES[precision])
    return copied.eval()


@contextmanager
def training_in(trunk: Trunk, precision: Precision) -> Iterator[None]:
    """The trunk's network computes in `precision` inside, as it is trained; weights, hash layer and loss stay in fp32."""
    if precision not in DTYPES:
        with rounding(precision):
            yield
        return
    body = trunk.body

    def low(self: nn.Module, images: Tensor) -> Tensor:
        # Without torch's cache of cast weights, which would outlive an optimiser's step.
        with torch.autocast(images.device.type, DTYPES[precision], cache_enabled=False):
            features: Tensor = type(self).forward(self, images.contiguous(memory_format=torch.channels_last))
        return features.float()

    setattr(body, "forward", MethodType(low, body))  # noqa: B010 - mypy lets no method be assigned; a copy's is its own
    try:
        yield
    finally:
        delattr(body, "forward")


def _folded(body: nn.Module) -> nn.Module:
    """Batch normalisation within the convolution before it, in fp32, where torch.fx can follow the network: else as it was."""
    if not any(isinstance(part, _BatchNorm) for part in body.modules()):
        return body
    try:
        folded: nn.Module = fuse(body)
    except Exception:  # noqa: BLE001 - a network may do anything to what traces it
        return body
    return folded


class _Cast(nn.Module):
    """A network with its weights in another format, channels last, batch normalisation apart; fp32 goes in and comes out."""

    def __init__(self, body: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.body = body.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for part in self.body.modules():
            if isinstance(part, _BatchNorm):
                part.float()

    def forward(self, images: Tensor) -> Tensor:
        return _scaled(self._features, images) if self.dtype is torch.float16 else self._features(images)

    def _features(self, images: Tensor) -> Tensor:
        features: Tensor = self.body(images.to(self.dtype, memory_format=torch.channels_last))
        return features.float()


class _Autocast(Hasher):
    """Another's network under torch's autocast."""

    def __init__(self, hasher: Hasher, dtype: torch.dtype) -> None:
        super().__init__()
        self.hasher, self.dtype = hasher, dtype

    @property
    def bits(self) -> int:
        return self.hasher.bits

    def forward(self, images: Tensor) -> Tensor:
        return _scaled(self._logits, images) if self.dtype is torch.float16 else self._logits(images)

    def _logits(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, self.dtype):
            logits: Tensor = self.hasher(images)
        return logits.float()


def _scaled(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """A network in fp16, whose numbers end at 6e-8 and 65,504: each image's gradient goes through it as of size 1."""
    scales: list[Tensor] = []
    return _Scale.apply(network(_Scale.apply(images, scales, True)), scales, False)


class _Scale(torch.autograd.Function):
    """The identity, whose gradient is scaled to size 1, image by image, by a power of two that is remembered; or `back`."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, scales: list[Tensor], back: bool) -> Tensor:
        ctx.scales, ctx.back = scales, back
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        gradient = gradients[0]
        if ctx.back:
            scale = 1 / ctx.scales[0]
        else:
            largest = gradient.flatten(1).abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny)
            ctx.scales[:] = [scale := torch.exp2(-largest.log2().floor())]
        return gradient * scale.view(-1, *[1] * (gradient.dim() - 1)), None, None
