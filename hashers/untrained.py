"""Hash layers in closed form on features of a trunk that stays: nothing is trained."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hashbench.api import Features, HashingMethod, Run, Split, TrunkHasher, UserError, kept_features, option


@dataclass(frozen=True)
class ClosedForm(HashingMethod):
    """A projection of centred features, computed from the training images' without labels."""

    @property
    def keeps_features(self) -> bool:
        return True

    @abstractmethod
    def projection(self, features: Tensor, bits: int, generator: torch.Generator) -> Tensor:
        """(width, K), of centred features (N, width)."""

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        hasher.to(run.device)
        kept = data if isinstance(data, Features) else kept_features(hasher.trunk, data, run)
        mean = kept.features.mean(0)
        with torch.no_grad():
            centred = kept.features - mean
            projection = self.projection(centred, hasher.bits, run.generator).to(mean)
            projection /= (centred @ projection).std().clamp_min(1e-12)  # tanh is not flat: codes are the same
            head = hasher.head
            assert isinstance(head, nn.Linear)
            head.weight.copy_(projection.T)
            head.bias.copy_(-(mean @ projection))
        return {"training": "none: the hash layer is in closed form"}


@dataclass(frozen=True)
class LSH(ClosedForm):
    """Locality-sensitive hashing: random hyperplanes through the middle of the trunk's features (STOC 2002), a control"""

    paper: ClassVar[str] = "https://doi.org/10.1145/509907.509965"

    def projection(self, features: Tensor, bits: int, generator: torch.Generator) -> Tensor:
        return torch.randn(features.shape[1], bits, generator=generator)


@dataclass(frozen=True)
class PCARotation(ClosedForm):
    """The first K principal components, randomly rotated: on a strong frozen backbone, Hashing-Baseline (2025)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/2509.14427"

    def projection(self, features: Tensor, bits: int, generator: torch.Generator) -> Tensor:
        return principal(features, bits) @ random_rotation(bits, generator).to(features)


@dataclass(frozen=True)
class ITQ(ClosedForm):
    """Iterative quantisation: the rotation of K principal components that is nearest to its signs (CVPR 2011)"""

    paper: ClassVar[str] = "https://doi.org/10.1109/CVPR.2011.5995432"
    iterations: int = option(50, "of signs and rotation in turn")

    def projection(self, features: Tensor, bits: int, generator: torch.Generator) -> Tensor:
        components = principal(features, bits)
        rotation = random_rotation(bits, generator).to(features)
        projected = features @ components
        for _ in range(self.iterations):
            rotation = nearest_rotation(projected, projected @ rotation)
        return components @ rotation


def nearest_rotation(projected: Tensor, rotated: Tensor) -> Tensor:
    """The rotation R (K, K) that makes `projected` R nearest to the signs of `rotated`: orthogonal Procrustes."""
    left, _, right = torch.linalg.svd(projected.T @ torch.where(rotated >= 0, 1.0, -1.0).to(projected))
    turned: Tensor = left @ right
    return turned


def principal(features: Tensor, bits: int) -> Tensor:
    """(width, K): the directions of largest variance of centred features (N, width), each with its largest entry positive."""
    if bits > min(features.shape):
        raise UserError(
            f"{len(features)} images with {features.shape[1]} features have no {bits} principal components: give fewer --bits."
        )
    _, vectors = torch.linalg.eigh(features.T.double() @ features.double())
    top = vectors.flip(1)[:, :bits]
    largest = top.gather(0, top.abs().argmax(0, keepdim=True))
    return (top * largest.sign()).to(features)


def random_rotation(bits: int, generator: torch.Generator) -> Tensor:
    """(K, K), uniform over rotations and reflections."""
    q, r = torch.linalg.qr(torch.randn(bits, bits, generator=generator, dtype=torch.float64))
    rotation: Tensor = q * r.diagonal().sign()
    return rotation.float()
