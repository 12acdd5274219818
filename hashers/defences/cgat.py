"""CgAT: centre-guided adversarial training (Wang et al., WWW 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hashbench.api import option

from .adversarial import AdversarialTraining, Seen


@dataclass(frozen=True)
class CgAT(AdversarialTraining):
    """CgAT: adversarial training against the attack away from the centre code of an image's labels (WWW 2023)"""

    renewed: ClassVar[bool] = True
    paper: ClassVar[str] = "https://arxiv.org/abs/2204.10779"
    falls_after: ClassVar[tuple[float, ...]] = (0.5,)  # the second milestone of the release never fires
    epochs: int = option(30, "passes over the training split")
    rate: float = option(0.01, "learning rate; it falls tenfold after half of the epochs")
    momentum: float = option(0.9, "of SGD")
    weight_decay: float = option(5e-4, "weight decay")
    augment: bool = option(True, "mirror and shift the training images")

    def term(self, seen: Seen) -> Tensor:
        """-mean f(x') . c over images and bits, where the attack steered to -c."""
        return (seen.changed * seen.aimed).mean()
