"""CSQ: central similarity quantisation (Yuan et al., CVPR 2020)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F

from hashbench.api import HashingMethod, epochs, option


def hash_centres(classes, bits, generator):
    """(classes, bits) of -1 and +1: rows of a Hadamard matrix and their opposites where these are enough, else Bernoulli draws."""
    if bits & (bits - 1) == 0 and classes <= 2 * bits:
        hadamard = torch.ones(1, 1)
        while len(hadamard) < bits:
            hadamard = torch.cat([torch.cat([hadamard, hadamard], 1), torch.cat([hadamard, -hadamard], 1)])
        return torch.cat([hadamard, -hadamard])[:classes]
    return torch.randint(0, 2, (classes, bits), generator=generator).float() * 2 - 1


def csq_loss(outputs, centres, weight):
    """Cross-entropy of (u + 1) / 2 with each image's centre, and `weight` times (|u| - 1)^2; `outputs` u (B, K) in (-1, 1)."""
    likelihood = F.binary_cross_entropy((outputs + 1) / 2, (centres + 1) / 2)
    return likelihood + weight * (outputs.abs() - 1).square().mean()


@dataclass(frozen=True)
class CSQ(HashingMethod):
    """Central similarity quantisation: codes are drawn to the hash centres of their classes (CVPR 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1908.00347"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 6, "rate": 1e-4}}
    epochs: int = option(100, "passes over the training split")
    batch_size: int = option(64, "images a step")
    rate: float = option(1e-5, "learning rate of AdamW")
    quantisation: float = option(1e-4, "weight of the distance to -1 and +1")

    def fit(self, hasher, data, run):
        hasher.to(run.device).train()
        labels = data.labels.to(run.device)
        centres = hash_centres(labels.shape[1], hasher.bits, run.generator).to(run.device)
        ties = (torch.randint(0, 2, (hasher.bits,), generator=run.generator).float() - 0.5).to(run.device)
        wanted = (labels @ centres + ties).sign()  # several labels: the majority of their centres, ties by chance
        optimiser = torch.optim.AdamW(hasher.parameters(), lr=self.rate)
        parts = {"hasher": hasher, "optimiser": optimiser}  # kept on disk, so that a killed training goes on
        for _, _, positions, images in epochs(data, self.epochs, self.batch_size, run, "training CSQ", **parts):
            loss = csq_loss(torch.tanh(hasher(images)), wanted[positions], self.quantisation)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        return {"training": f"{self.epochs} epochs of AdamW"}
