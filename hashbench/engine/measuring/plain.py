"""The plain loops that ours are set against, as releases write them: no weight is frozen and every graph is kept."""

from __future__ import annotations

import torch
from torch import Tensor

from hashbench.contracts.budget import Budget
from hashbench.contracts.hasher import Hasher, sign
from hashbench.contracts.iterative import Iterative
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split

_STEPS = ("begin", "step", "end", "gradient", "objective", "transform")


def hashed(hasher: Hasher, split: Split, run: Run) -> Tensor:
    """(n, K) int8 codes of a split; the hasher's weights ask for gradients."""
    hasher.requires_grad_(True)
    codes = [sign(hasher(images)).detach().to(torch.int8) for _, images in split.batches(run.batch_size, run.device)]
    hasher.requires_grad_(False)
    return torch.cat(codes)


def is_plain(attack: object) -> bool:
    """Whether an attack is the template with other numbers, from the image: then `perturbed` gives its images, bit for bit."""
    own = {name for kind in type(attack).__mro__ if kind is not Iterative and issubclass(kind, Iterative) for name in vars(kind)}
    if not isinstance(attack, Iterative) or own.intersection(_STEPS):
        return False
    return (attack.start, attack.starts, attack.samples, attack.keep, attack.settled) == ("image", 1, 1, "last", None)


def perturbed(hasher: Hasher, attack: Iterative, images: Tensor, codes: Tensor, budget: Budget) -> Tensor:
    """The usual loop, with the attack's own steps and scales: the point is a leaf, and every step a `backward` to all weights."""
    hasher.requires_grad_(True)
    point = images.clone()
    for step in range(attack.steps):
        leaf = point.detach().requires_grad_(True)
        loss = attack.distance(attack.alpha(step) * hasher(leaf), codes).sum()
        hasher.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if leaf.grad is not None:
            point = budget.project(point - attack.size(budget) * attack.direction(leaf.grad, budget), images)
    hasher.zero_grad(set_to_none=True)
    hasher.requires_grad_(False)
    return point
