"""CRDAT: adversarial training by distillation from the hasher before it (SIGIR 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from hashbench.api import inner, sign

from .adversarial import AdversarialTraining, Seen


@dataclass(frozen=True)
class CRDAT(AdversarialTraining):
    """CRDAT: on changed images the hasher learns the codes and features that it had on clean ones before (SIGIR 2025)

    Forms of ours: the paper's are not published where we could read them.
    """

    clean: ClassVar[bool] = False
    paper: ClassVar[str] = "https://chatpaper.com/paper/169464"
    aim: str = inner("aims", "own", "the code that the inner attack steers to")

    def term(self, seen: Seen) -> Tensor:
        """-mean f(x') . sign f_t(x), and 1 less the cosine of the features, f_t the hasher that was started from."""
        codes = -(seen.changed * sign(seen.taught.logits)).mean()
        return codes + 1 - F.cosine_similarity(seen.changed_features, seen.taught.features).mean()
