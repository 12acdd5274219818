"""An attack at work: batch by batch, enforced, timed, looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.run import Run
from hashbench.contracts.search import SearchEngine
from hashbench.contracts.victim import Victim
from hashbench.engine.machine.seeds import aside
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.attackers import Attacker, Batch, JudgedAttacker, attacker_of
from hashbench.engine.stages.batches import query_batches
from hashbench.engine.stages.checks import change_without_budget, differs, saturated, zero_gradients
from hashbench.engine.stages.enforce import check_images, differences, enforce
from hashbench.engine.stages.stage import Given
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.stages.victim import victim_of


class Done:
    """Results of the batches that are done."""

    def __init__(self) -> None:
        self.seen: dict[str, list[Tensor]] = {}
        self.without_budget: Tensor | None = None
        self.random: Tensor | None = None
        self.seconds, self.forwards, self.backwards = 0.0, 0, 0

    def add(self, seen: Mapping[str, Tensor], seconds: float, meter: Victim | SearchEngine) -> None:
        """A batch more; the meter's counters begin again."""
        for name, value in seen.items():
            self.seen.setdefault(name, []).append(value.cpu())
        self.seconds += seconds
        self.forwards += meter.forwards
        self.backwards += meter.backwards
        meter.restart()

    def state_dict(self) -> dict[str, object]:
        return dict(vars(self))

    def load_state_dict(self, state_dict: dict[str, object]) -> None:
        vars(self).update(state_dict)


def perturb_all(
    given: Given, stage: AttackStage, targets: TargetsStage, codes: np.ndarray | None, run: Run
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Run the attack on every query. Raises ContractError for images it may not return.

    A whole batch is attacked untimed, in few steps, before the first one that is timed, also where a killed run is taken up again.
    """
    chosen, machine, protocol = stage.attack, given.machine, targets.protocol
    probe = victim_of(given, stage.source, "gradients")
    attacker = attacker_of(given, stage, targets, probe)
    aims = None if codes is None else torch.from_numpy(codes).to(machine.device).float()
    unrounded = dataclasses.replace(protocol, eight_bit=False)
    count, size = len(given.get(targets).queries), machine.batch_size
    starts = range(0, count, size)
    done = Done()
    left = run.resumable(len(starts), done=done)
    parts = zip(left, query_batches(given, targets, left.first), strict=True)
    warm = False
    for step, (images, goal) in machine.progress.track(parts, f"attacking with {chosen.text}", len(left)):
        start = starts[step]
        batch = Batch(images, goal, None if aims is None else aims[start : start + len(images)], start)
        if not warm:
            with aside(machine.device):
                _warm_up(attacker, batch, done, run)
                done.random = differs(probe, batch.images).cpu()
            attacker.meter.restart()
            warm = True
        inner = dataclasses.replace(run.below(f"batch{step}", victim=attacker.view), precision=stage.precision)
        (perturbed, also), seconds = machine.timed(partial(attacker.made, batch, stage.budget, inner))
        check_images(chosen.text, perturbed, images)
        seen = also | differences(perturbed, images)
        seen["adversarial"] = enforce(perturbed, images, stage.budget, protocol)
        seen["unrounded_codes"] = probe.codes(enforce(perturbed, images, stage.budget, unrounded)).to(torch.int8)
        if chosen.plugin.access == "gradients" and (batch.codes is not None or isinstance(attacker, JudgedAttacker)):
            towards = -probe.codes(images) if batch.codes is None else batch.codes
            seen |= {"zero_gradient": zero_gradients(probe, images, towards), "saturated": saturated(probe, images)}
        done.add(seen, inner.spent + seconds, attacker.meter)
    made = {name: torch.cat(parts) for name, parts in done.seen.items()}
    if done.without_budget is not None and done.random is not None:
        made |= {"change_without_budget": done.without_budget, "random_hasher": done.random}
    spent = {"seconds": done.seconds, "forwards": done.forwards, "backwards": done.backwards}
    return made, {f"{what}_per_image": float(total) / count for what, total in spent.items()}


def _warm_up(attacker: Attacker, batch: Batch, done: Done, run: Run) -> None:
    """A batch untimed and in few steps, where the attack is not long enough; and, once for a stage, one image without a budget."""
    stage = attacker.stage
    apart = dataclasses.replace(run, checkpoint=None, precision=stage.precision)
    if attacker.warms_up:
        check_images(stage.attack.text, attacker.warmed_up(batch, stage.budget, apart), batch.images)
    if done.without_budget is None:
        one = batch.first
        without = change_without_budget(lambda budget: attacker.tried(one, budget, apart), one.images, stage.budget)
        done.without_budget = without.cpu()
