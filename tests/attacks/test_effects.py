"""That attacks which only ask get nearer to what they ask for: a minus for a plus in an estimate would lead them away."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import CPU, linear_hasher, small_split, small_victim

from hashbench.api import Agreement, Budget, Hunt, Run
from hashbench.contracts.hasher import sign
from hashbench.plugins.configure import configure

BITS, EPSILON = 64, 0.04
ASKING = ["spsa[pairs=5]", "nes[pairs=5]", "rgf[directions=8]", "zoo[]", "bandits[]", "simba[]", "square[]", "signhunter[]"]


@pytest.mark.parametrize("text", [*ASKING, "random-search[]"])
def test_more_bits_agree_after_600_questions(text: str) -> None:
    hasher, images = linear_hasher(BITS), small_split().images(np.arange(6), CPU)
    code = torch.where(torch.rand(6, BITS, generator=torch.Generator().manual_seed(3)) < 0.5, -1.0, 1.0)
    asked = text.replace("[", "[queries=600,").replace(",]", "]")
    victim = small_victim(hasher, small_split())
    hunt = Hunt(Agreement(victim, code), {}, images, tuple(range(6)), Budget(EPSILON), Run(0, CPU))
    found = configure("attacks", asked).search(hunt)
    assert (found - images).abs().max() <= EPSILON + 1e-6
    with torch.no_grad():
        before, after = ((sign(hasher(each)) == code).float().mean() for each in (images, found))
    assert after > before
