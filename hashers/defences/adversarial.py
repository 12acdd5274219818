"""Adversarial training of a hasher that is trained already: one loop, whatever the inner attack and the loss on its images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import (
    Aim,
    Attack,
    Budget,
    FittedAim,
    Goal,
    LabelledCodes,
    Part,
    Run,
    Split,
    TrunkHasher,
    UserError,
    Victim,
    epochs,
    inner,
    option,
    sign,
)

from ..training import Batch
from ..wrapping import Wrapping

STEPS = "ifgsm[steps=7,step_size=2/255,start=uniform,starts=1,keep=last,anneal=none,rule=sign]"


@dataclass(frozen=True)
class Seen:
    """A training batch as it is, and as the inner attack changed it."""

    clean: Batch
    changed: Tensor
    """The relaxed codes (B, K) of the changed images."""
    changed_features: Tensor
    """What the trunk makes of them (B, width)."""
    aimed: Tensor
    """The codes (B, K) of -1 and +1 that the attack steered to."""
    bank: Tensor
    """The relaxed codes (N, K) of the training images, each as it was last seen."""
    labels: Tensor
    """Their labels (N, C)."""
    taught: Batch
    """What the hasher that was started from makes of the clean images."""


@dataclass(frozen=True)
class AdversarialTraining(Wrapping):
    """Each step lowers the method's loss on images, and another on those images as an attack on the hasher of the moment has them.

    The attack sees the hasher in evaluation mode (the releases leave dropout on), and its codes come from the bank.
    """

    starts_from: ClassVar[str] = "method"
    falls_after: ClassVar[tuple[float, ...]] = (0.5, 0.75)
    """After which shares of the epochs the rate falls tenfold."""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 5, "attack": STEPS.replace("7", "4", 1)}}
    clean: ClassVar[bool] = True
    """Whether the method's loss on clean images is lowered too."""
    renewed: ClassVar[bool] = False
    """Whether the loss has the codes that the aim gives once the bank knows the batch, not those that the attack had."""
    aim: str = inner("aims", "centre[away=true]", "the code that the inner attack steers to")
    attack: str = inner("attacks", STEPS, "the inner attack")
    epsilon: float = option(8 / 255, "budget of the inner attack, L-inf")
    epochs: int = option(20, "passes over the training split")
    batch_size: int = option(32, "images a step")
    optimiser: Literal["sgd", "adam"] = option("sgd", "SGD, or Adam with beta1 0.5")
    rate: float = option(0.05, "learning rate; it falls tenfold after half, and after three quarters of the epochs")
    momentum: float = option(0.0, "of SGD")
    weight_decay: float = option(1e-5, "weight decay")
    augment: bool = option(False, "mirror and shift the training images")

    def __post_init__(self) -> None:
        super().__post_init__()
        attack, aim, name = self.part("attack"), self.part("aim"), type(self).__name__
        if type(aim).fit is not Aim.fit:
            raise UserError(f"{name} can't steer to {self.aim.partition('[')[0]}, which learns before it says a code: try centre.")
        if type(attack).fit is not Attack.fit or attack.access != "gradients" or not hasattr(attack, "aim"):
            raise UserError(
                f"{name} can't train against {self.attack.partition('[')[0]}: give an attack that follows gradients, such as ifgsm."
            )
        if not 0 < self.epsilon <= 1 or self.rate <= 0:
            raise UserError(f"{name}: give an epsilon in (0, 1], such as 8/255, and a rate above 0.")
        if self.epochs < 0 or self.batch_size < 2:
            raise UserError(f"{name}: give epochs of at least 0, and a batch_size of at least 2.")

    @abstractmethod
    def term(self, seen: Seen) -> Tensor:
        """The loss on the changed images, which is added to the method's on the clean ones."""

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        hasher.to(run.device)
        teacher = deepcopy(hasher).eval().requires_grad_(False)
        method = replace(self.trained, trunk_rate=1.0, augment=self.augment)
        labels = data.labels.to(run.device)
        kept = method.begin(hasher, labels, run)
        bank = torch.cat([torch.tanh(teacher(images)) for _, images in data.batches(self.batch_size, run.device)])
        weights = [
            *hasher.parameters(),
            *(w for part in kept.values() if isinstance(part, torch.nn.Module) for w in part.parameters()),
        ]
        optimiser = self._optimiser(weights)
        falls = [max(int(share * self.epochs), 1) for share in self.falls_after]
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, falls, 0.1)
        parts: dict[str, Part] = {"hasher": hasher, "adversarial bank": bank, "optimiser": optimiser, "schedule": schedule, **kept}
        wanted = torch.unique(labels[labels.sum(1) > 0], dim=0)
        inner_attack, aim = self.part("attack"), FittedAim(self.part("aim"), {})
        for epoch, i, positions, images in epochs(data, self.epochs, self.batch_size, run, "adversarial training", **parts):
            if i == 0 and epoch > 0:
                schedule.step()
            if len(positions) < 2:
                continue
            looked = method.views(images, run.generator)
            plain = images if method.again else looked
            goal, fresh = self._goal(labels, wanted, positions, run)
            changed, aimed = self._attacked(hasher, inner_attack, aim, plain, goal, bank, labels, fresh)
            clean = method.see(hasher.train(), positions, labels, looked)
            bank.index_copy_(0, positions, clean.outputs[: len(positions)].detach())
            if self.renewed:
                with attackable(hasher, LabelledCodes(sign(bank), labels)) as victim:
                    aimed = aim.codes(victim, plain, goal, fresh)
                hasher.train()
            features = hasher.trunk(changed)
            with torch.no_grad():
                taught = method.see(teacher, positions, labels, plain)
            outputs = torch.tanh(hasher.of_features(features))
            seen = Seen(clean, outputs, features, aimed, bank, labels, taught)
            loss = self.term(seen) + (method.batch_loss(clean, kept, labels) if self.clean else 0)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
        return {"defence": f"{self.epochs} epochs of adversarial training of the whole network"}

    def _goal(self, labels: Tensor, wanted: Tensor, positions: Tensor, run: Run) -> tuple[Goal, Run]:
        """The batch's labels with targets uniform over the label vectors there are, and a run of its own for the attack."""
        count = len(positions)
        drawn = wanted[torch.randint(0, len(wanted), (count,), generator=run.generator).to(run.device)]
        seed = int(torch.randint(2**62, (1,), generator=run.generator))
        return Goal(labels[positions], drawn, tuple(range(count))), Run(seed, run.device, count)

    def _attacked(
        self,
        hasher: TrunkHasher,
        attack: Attack,
        aim: FittedAim,
        images: Tensor,
        goal: Goal,
        bank: Tensor,
        labels: Tensor,
        run: Run,
    ) -> tuple[Tensor, Tensor]:
        """The images as the inner attack changes them, and the codes it steers to."""
        with attackable(hasher, LabelledCodes(sign(bank), labels)) as victim:
            codes = aim.codes(victim, images, goal, run)
            return attack.perturb(victim, {}, images, goal, codes, Budget(self.epsilon), run), codes

    def _optimiser(self, weights: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
        if self.optimiser == "adam":
            return torch.optim.Adam(weights, lr=self.rate, betas=(0.5, 0.999), weight_decay=self.weight_decay)
        return torch.optim.SGD(weights, lr=self.rate, momentum=self.momentum, weight_decay=self.weight_decay)


@contextmanager
def attackable(hasher: TrunkHasher, reference: LabelledCodes) -> Iterator[Victim]:
    """The hasher as an attack sees it: in evaluation mode, its weights frozen; they learn again afterwards."""
    try:
        yield Victim(hasher, "gradients", {"train": lambda: reference, "database": lambda: reference})
    finally:
        hasher.requires_grad_(True)
