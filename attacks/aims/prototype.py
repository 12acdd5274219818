"""ProS-GAN's prototype code: a network that learns a code and a representation for every label vector (CVPR 2021, 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import Aim, Goal, Run, Split, State, Victim, option, sign

from .targets import draw_targets, target_pool


class PrototypeNet(nn.Module):
    """Label vectors (B, C) -> representation r_t (B, 512), code H (B, K) in (-1, 1), labels Y_hat (B, C) in (0, 1) (figure 2)."""

    def __init__(self, classes: int, bits: int, hidden: int = 4096, representation: int = 512) -> None:
        super().__init__()
        self.feature = nn.Sequential(nn.Linear(classes, hidden), nn.ReLU(), nn.Linear(hidden, representation))
        self.hash = nn.Linear(representation, bits)
        self.label = nn.Linear(representation, classes)

    def forward(self, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        represented = self.feature(labels)
        return represented, torch.tanh(self.hash(represented)), torch.sigmoid(self.label(represented))


def prototype_loss(codes: Tensor, predicted: Tensor, labels: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
    """J1 + 1e-4 J2 + J3 (ProS-GAN, eq. 3-5, as means): likelihood against the bank, distance to the signs, label error.

    `codes` H (B, K), `bank` sign codes (N, K), `similar` S (B, N): Theta = H bank^T / 2.
    """
    theta = codes @ bank.T / 2
    likelihood = (similar * theta - F.softplus(theta)).mean()
    quantisation = (sign(codes) - codes).square().sum(1).mean()
    return -likelihood + 1e-4 * quantisation + F.mse_loss(predicted, labels)


def circle_loss(codes: Tensor, predicted: Tensor, labels: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
    """The journal version's J1 (TMM 2022), which is THA's loss (SIGIR 2021), with J2 and J3 as above.

    s = H bank^T / K; similar pairs are raised and others lowered, each by how far it still is: the log-sum-exp over all pairs of
    (2 + s) s for dissimilar and -(2 - s) s for similar ones, the factors in brackets held constant, divided by B.
    """
    s = codes @ bank.T / codes.shape[1]
    far, near = (2 + s.detach()).clamp_min(0) * s, -(2 - s.detach()).clamp_min(0) * s
    never = torch.finfo(s.dtype).min
    apart = torch.where(similar > 0, never, far).flatten().logsumexp(0)
    together = torch.where(similar > 0, near, never).flatten().logsumexp(0)
    quantisation = (sign(codes) - codes).square().sum(1).mean()
    return (apart + together) / len(codes) + 1e-4 * quantisation + F.mse_loss(predicted, labels)


LOSSES = {"likelihood": prototype_loss, "circle": circle_loss}


def prototype_step(
    net: PrototypeNet,
    optimiser: torch.optim.Optimizer,
    labels: Tensor,
    bank: Tensor,
    bank_labels: Tensor,
    loss_name: str = "likelihood",
) -> Tensor:
    """One training step on a batch of label vectors; returns the loss."""
    _, codes, predicted = net(labels)
    similar = (labels @ bank_labels.T > 0).to(codes.dtype)
    loss = LOSSES[loss_name](codes, predicted, labels, bank, similar)
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.detach()


@dataclass(frozen=True)
class PrototypeCode(Aim):
    """ProS-GAN's prototype code: learned from the labels and codes of the training split (CVPR 2021)

    `loss=circle`: as the journal version trains it (TMM 2022).
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2105.07553"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 600, "hidden": 512, "rate": 1e-3},
        "published": {"steps": 30_000, "batch_size": 64, "rate": 1e-4, "hidden": 4096, "representation": 512, "loss": "likelihood"},
    }
    steps: int = option(30_000, "training steps; the rate falls tenfold at half and at three quarters")
    batch_size: int = option(64, "label vectors a step, drawn from the distinct ones of the database")
    rate: float = option(1e-4, "Adam's learning rate")
    hidden: int = option(4096, "width of the hidden layer")
    representation: int = option(512, "width of r_t, which conditions ProS-GAN's generator")

    loss: Literal["likelihood", "circle"] = option("likelihood", "of similar and dissimilar codes: the paper's, or the journal's")

    def fit(self, victim: Victim, data: Split, run: Run) -> dict[str, Tensor]:
        train = victim.reference("train")
        pool = target_pool(victim.reference("database").labels)
        net = PrototypeNet(pool.shape[1], victim.bits, self.hidden, self.representation).to(run.device)
        optimiser = torch.optim.Adam(net.parameters(), lr=self.rate, betas=(0.5, 0.999))
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [self.steps // 2, self.steps * 3 // 4], 0.1)
        left = run.resumable(self.steps, net=net, optimiser=optimiser, schedule=schedule)
        for _ in run.track(left, "training PrototypeNet"):
            labels = draw_targets(pool, self.batch_size, run.generator)
            prototype_step(net, optimiser, labels, train.codes, train.labels, self.loss)
            schedule.step()
        return dict(net.state_dict())

    def codes(self, victim: Victim, state: State, images: Tensor, goal: Goal, run: Run) -> Tensor:
        return sign(self.network(state)(goal.target_labels)[1])

    @staticmethod
    def network(state: State) -> PrototypeNet:
        """PrototypeNet with fitted weights, frozen, on their device."""
        hidden, classes = state["feature.0.weight"].shape
        bits, representation = state["hash.weight"].shape
        with torch.device("meta"):
            net = PrototypeNet(classes, bits, hidden, representation)
        net.load_state_dict(state, assign=True)
        return net.requires_grad_(False)


@dataclass(frozen=True)
class THACode(PrototypeCode):
    """THA's prototype code: the same network with a circle loss, towards any label (SIGIR 2021)

    Its label head is trained along, where the paper's network has none; the code does not depend on it but through the layers
    they share.
    """

    paper: ClassVar[str] = "https://doi.org/10.1145/3404835.3462861"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        name: {**options, "loss": "circle", **({"batch_size": 32} if name == "published" else {})}
        for name, options in PrototypeCode.presets.items()
    }
    loss: Literal["likelihood", "circle"] = option("circle", "of similar and dissimilar codes: the paper's, or the journal's")
