"""The contract of an aim."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.attack import Aim
from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run
from hashbench.engine.machine.seeds import seeded
from hashbench.testing.finding import Finding, Trial, global_randomness, survives, try_options
from hashbench.testing.small import BITS, CPU, QUERIES, small_goal, small_hasher, small_split, small_victim


def aim_findings(aim: Aim) -> list[Finding]:
    """Every rule that `aim` breaks; empty for a sound one."""
    trial = Trial(aim)
    try_options(trial)
    split = small_split()
    victim = small_victim(small_hasher(), split, "gradients")
    images, goal = split.images(np.arange(QUERIES), CPU), small_goal()
    state: dict[str, Tensor] = {}
    with trial.rule("fit", "return a dict of tensors that safetensors can hold") as expect:
        with seeded(0, CPU):
            state = aim.fit(victim, split, Run(0, CPU))
        expect(isinstance(state, dict) and survives(state), "fit returns no dict of tensors that survives safetensors")

    def codes(rows: slice = slice(None)) -> Tensor:
        part = Goal(goal.query_labels[rows], goal.target_labels[rows], goal.indices[rows])
        return aim.codes(victim, state, images[rows], part, Run(0, CPU))

    with trial.rule("codes", f"return ({QUERIES}, bits) floats of -1 and +1, as hashbench.api.sign gives") as expect:
        made = codes()
        expect(isinstance(made, Tensor) and made.shape == (QUERIES, BITS), "codes has another shape than (queries, bits)")
        expect(bool((made.abs() == 1).all()), "a code has an entry that is neither -1 nor +1")
    with trial.rule("seed", "draw only from run.query_generator") as expect:
        expect(torch.equal(codes(), codes()), "two calls with one seed give different codes")
    with trial.rule("batch", "draw per query with run.query_generator(index)") as expect:
        alone = torch.cat([codes(slice(i, i + 1)) for i in range(QUERIES)])
        expect(torch.equal(alone, codes()), "a query alone gets another code than in a batch")
    with trial.rule("randomness", "draw only from run.generator") as expect, global_randomness(expect):
        codes()
    return trial.findings
