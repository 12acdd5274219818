"""P-RGF: RGF with directions that lean to a surrogate's gradient, as far as that is worth it (Cheng et al., NeurIPS 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import Budget, FittedAim, Hunt, Memory, Run, Split, Victim, option

from .differences import on_grid
from .rgf import RGF, unit
from .surrogate import Surrogate, learned, wanted

_PROBES = 10


def share(cosine: Tensor, dimensions: int, directions: int) -> Tensor:
    """lambda (B,) of a prior whose squared cosine to the gradient is a (B,): 0 where it is worth nothing, 1 where it is all.

    The optimum of the estimate's expected squared cosine, for n dimensions and q directions (Cheng et al., NeurIPS 2019).
    """
    a, n, q = cosine.square(), dimensions, directions
    between = (1 - a) * (1 - a * (n + 2 * q - 2)) / (a.square() * n * (n + 2 * q - 2) - 2 * a * n * q + 1)
    return torch.where(a <= 1 / (n + 2 * q - 2), 0, torch.where(a >= (2 * q - 1) / (n + 2 * q - 2), 1, between))


@dataclass(frozen=True)
class PRGF(RGF):
    """RGF whose directions lean to the gradient of a surrogate that is trained on answers first (NeurIPS 2019)"""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"queries": 1000, "training_queries": 500, "epochs": 10}}
    training_queries: int = option(2000, "questions that the surrogate is trained on, counted apart")
    epochs: int = option(30, "passes over their answers")

    @property
    def cost(self) -> int:
        return self.directions + _PROBES + 2

    @property
    def fit_queries(self) -> int:
        return self.training_queries

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        return learned(victim, data, self.answer, self.training_queries, self.epochs, run)

    def estimate(self, kept: Memory, hunt: Hunt, step: int, here: Tensor, asking: Tensor) -> Tensor:
        prior = unit(self._prior(kept, hunt))
        probes = [self.slope(kept, hunt, here, self.drawn(hunt, f"{step} norm {i}"), asking) for i in range(_PROBES)]
        dimensions = hunt.images[0, :, : self.grid or None, : self.grid or None].numel()
        steepness = (torch.stack(probes).square().mean(0) * dimensions).sqrt()
        along = self.slope(kept, hunt, here, prior, asking)
        cosine = (along / steepness.clamp_min(1e-12)).clamp(-1, 1).flatten()
        prior = prior * torch.where(cosine < 0, -1.0, 1.0).view(-1, 1, 1, 1)
        leaning = share(cosine, dimensions, self.directions).clamp(0, 1).view(-1, 1, 1, 1)
        drawing = asking & (leaning.flatten() < 1)
        gradient = torch.zeros_like(prior)
        for count in range(self.directions):
            drawn = self.drawn(hunt, f"{step} {count}")
            aside = unit(drawn - (drawn * prior).sum((1, 2, 3), keepdim=True) * prior)
            mixed = (1 - leaning).sqrt() * aside + leaning.sqrt() * prior
            gradient = gradient + self.slope(kept, hunt, here, mixed, drawing) * mixed
        known = ((leaning == 1) & asking.view(-1, 1, 1, 1)).to(prior.dtype)
        return known * prior + (1 - known) * gradient

    def _prior(self, kept: Memory, hunt: Hunt) -> Tensor:
        """The gradient of the surrogate's own score, as far as it lies on the grid that directions are drawn on."""
        net = Surrogate.of(hunt.state)
        point = kept["point"].clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad((net(point) * wanted(net, hunt.images, hunt.examples)).sum(), point)
        return on_grid(gradient, self.grid, lambda like: F.adaptive_avg_pool2d(gradient, (like.shape[2], like.shape[3])))
