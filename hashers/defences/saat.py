"""SAAT: semantic-aware adversarial training (Yuan et al., TIFS 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hashbench.api import inner, option, sign

from .adversarial import AdversarialTraining, Seen


@dataclass(frozen=True)
class SAAT(AdversarialTraining):
    """SAAT: adversarial training against the attack away from the mainstay code of an image's labels (TIFS 2023)"""

    paper: ClassVar[str] = "https://github.com/xandery-geek/SAAT"
    aim: str = inner("aims", "mainstay[away=true]", "the code that the inner attack steers to")
    weight: float = option(1.0, "of the agreement with the mainstay code")
    quantisation: float = option(1e-4, "weight of the distance of changed images' outputs to -1 and +1")

    def term(self, seen: Seen) -> Tensor:
        """-lambda mean f(x') . m + mu mean (f(x') - sign)^2, where the attack steered to -m."""
        return (
            self.weight * (seen.changed * seen.aimed).mean()
            + self.quantisation * (seen.changed - sign(seen.changed)).square().mean()
        )
