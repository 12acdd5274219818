"""ProS-GAN: one generator for all queries and all targets (CVPR 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import FittedAim, Run, State, UserError, Victim, option, sign

from ..aims.prototype import PrototypeCode
from ..prefixed import part
from .base import GeneratorAttack
from .losses import hamming_loss
from .training import Condition, Hashing

_RELEASE = {
    "aim": "prototype[preset=published]",
    "epochs": 100,
    "batch_size": 24,
    "rate": 1e-4,
    "beta": 0.5,
    "width": 64,
    "decoder_width": 64,
    "halvings": 2,
    "reconstruction": None,
    "hamming": 5.0,
    "slope": 1.0,
    "adversarial": 1.0,
    "categories": True,
    "discriminator_every": 3,
    "min_images": 1,
    "disjoint": False,
    "bounded": "none",
    "widen": 1.0,
}


@dataclass(frozen=True)
class ProSGAN(GeneratorAttack):
    """ProS-GAN: a generator supervised by prototype codes makes any query look like any target (CVPR 2021)

    Preset `published`: the release, unbounded. Preset `as-written`: the same with the paper's weight of the Hamming loss, 1.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2105.07553"
    own_weights: ClassVar[Mapping[str, float]] = {"flickr25k": 100.0}
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {
            "epochs": 20,
            "width": 8,
            "halvings": 0,
            "rate": 2e-3,
            "reconstruction": 20.0,
            "slope": 0.25,
            "widen": 4.0,
        },
        "published": _RELEASE,
        "as-written": {**_RELEASE, "hamming": 1.0},
    }

    aim: str = option("prototype", "the prototype aim with its options: its network conditions the generator")
    reconstruction: float | None = option(None, "weight of the reconstruction loss; none: 100 on FLICKR-25K, 50 elsewhere")
    hamming: float = option(5.0, "weight of the Hamming loss: 5 in the release, 1 in the paper")
    slope: float = option(
        1.0, "the Hamming loss is of tanh(slope f): 1 in the paper; less keeps the gradients of bits that the hasher is sure of"
    )
    categories: bool = option(True, "the discriminator also judges labels; false: real or fake only, the paper's ProS-GAN1")

    def condition(self, victim: Victim, aim: FittedAim | None, run: Run) -> Condition:
        """PrototypeNet, frozen: its representation r_t, and the sign of its code."""
        if aim is None or not isinstance(aim.aim, PrototypeCode):
            raise UserError("prosgan needs the aim prototype, whose network conditions its generator: leave its option aim out.")
        network = PrototypeCode.network(aim.state)

        def condition(targets: Tensor) -> tuple[Tensor, Tensor]:
            with torch.no_grad():
                represented, prototypes, _ = network(targets)
            return represented, sign(prototypes)

        return condition

    def hashing(self, victim: Victim, run: Run) -> Hashing:
        return lambda images, codes, targets: hamming_loss(torch.tanh(self.slope * victim.logits(images)), codes)

    def known(self, aim: FittedAim | None) -> dict[str, Tensor]:
        return {} if aim is None else {f"prototype.{k}": v for k, v in aim.state.items()}

    def represented(self, state: State, labels: Tensor) -> Tensor:
        represented: Tensor = PrototypeCode.network(part(state, "prototype."))(labels)[0]
        return represented
