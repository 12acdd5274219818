"""An attack at work: batch by batch, enforced, timed, looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.attack import State
from hashbench.contracts.budget import Budget
from hashbench.contracts.ensemble import Ensemble
from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run
from hashbench.contracts.victim import Victim
from hashbench.engine.machine.precision import rounding
from hashbench.engine.machine.seeds import aside
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.batches import query_batches
from hashbench.engine.stages.checks import change_without_budget, differs, saturated, zero_gradients
from hashbench.engine.stages.enforce import check_images, differences, enforce
from hashbench.engine.stages.judging import Evaluation
from hashbench.engine.stages.stage import Given
from hashbench.engine.stages.targets import TargetsStage
from hashbench.engine.stages.victim import victim_of


@dataclasses.dataclass(frozen=True)
class Batch:
    """Queries, what they should be taken for, and the codes that the aim steers to."""

    images: Tensor
    goal: Goal
    codes: Tensor | None

    @property
    def first(self) -> Batch:
        """Its first query alone."""
        goal = Goal(self.goal.query_labels[:1], self.goal.target_labels[:1], self.goal.indices[:1])
        return Batch(self.images[:1], goal, None if self.codes is None else self.codes[:1])


class Done:
    """Results of the batches that are done."""

    def __init__(self) -> None:
        self.seen: dict[str, list[Tensor]] = {}
        self.without_budget: Tensor | None = None
        self.random: Tensor | None = None
        self.seconds, self.forwards, self.backwards = 0.0, 0, 0

    def add(self, seen: Mapping[str, Tensor], seconds: float, view: Victim) -> None:
        """A batch more; the victim's counters begin again."""
        for name, value in seen.items():
            self.seen.setdefault(name, []).append(value.cpu())
        self.seconds += seconds
        self.forwards += view.forwards
        self.backwards += view.backwards
        view.forwards = view.backwards = 0

    def state_dict(self) -> dict[str, object]:
        return dict(vars(self))

    def load_state_dict(self, state_dict: dict[str, object]) -> None:
        vars(self).update(state_dict)


def perturb_all(
    given: Given, stage: AttackStage, targets: TargetsStage, codes: np.ndarray | None, run: Run
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Run the attack on every query. Raises ContractError for images it may not return.

    A whole batch is attacked untimed before the first one that is timed, also where a killed run is taken up again.
    """
    chosen, machine, protocol = stage.attack, given.machine, targets.protocol
    state = given.get(stage).state
    view = victim_of(given, stage.source, chosen.plugin.access, stage.precision, stage.compiling)
    probe = victim_of(given, stage.source, "gradients")
    aims = None if codes is None else torch.from_numpy(codes).to(machine.device).float()
    judged = Evaluation.of(given, stage, targets, probe)
    unrounded = dataclasses.replace(protocol, eight_bit=False)
    count, size = len(given.get(targets).queries), machine.batch_size
    starts = range(0, count, size)
    done = Done()
    left = run.resumable(len(starts), done=done)
    parts = zip(left, query_batches(given, targets, left.first), strict=True)
    warm = False
    for step, (images, goal) in machine.progress.track(parts, f"attacking with {chosen.text}", len(left)):
        start = starts[step]
        batch = Batch(images, goal, None if aims is None else aims[start : start + len(images)])
        attacking = partial(_perturb, stage, view, state)
        if not warm:
            with aside(machine.device):
                _warm_up(attacking, batch, stage, done, run)
                done.random = differs(probe, batch.images).cpu()
            view.forwards = view.backwards = 0
            warm = True
        inner = dataclasses.replace(run.below(f"batch{step}", victim=view), precision=stage.precision)
        also: dict[str, Tensor] = {}
        if judged is None:
            perturbed, seconds = machine.timed(partial(attacking, batch, stage.budget, inner))
        else:
            ensemble = partial(judged.strongest, view, state, images.clone(), goal, start, inner)
            with rounding(stage.precision):
                (perturbed, also), seconds = machine.timed(ensemble)
        check_images(chosen.text, perturbed, images)
        seen = also | differences(perturbed, images)
        seen["adversarial"] = enforce(perturbed, images, stage.budget, protocol)
        seen["unrounded_codes"] = probe.codes(enforce(perturbed, images, stage.budget, unrounded)).to(torch.int8)
        if chosen.plugin.access == "gradients" and (batch.codes is not None or judged is not None):
            towards = -probe.codes(images) if batch.codes is None else batch.codes
            seen |= {"zero_gradient": zero_gradients(probe, images, towards), "saturated": saturated(probe, images)}
        done.add(seen, inner.spent + seconds, view)
    made = {name: torch.cat(parts) for name, parts in done.seen.items()}
    if done.without_budget is not None and done.random is not None:
        made |= {"change_without_budget": done.without_budget, "random_hasher": done.random}
    spent = {"seconds": done.seconds, "forwards": done.forwards, "backwards": done.backwards}
    return made, {f"{what}_per_image": float(total) / count for what, total in spent.items()}


def _perturb(stage: AttackStage, view: Victim, state: State, batch: Batch, budget: Budget, run: Run) -> Tensor:
    """The attack on copies, so that it can't change what it is measured by."""
    codes = None if batch.codes is None else batch.codes.clone()
    with rounding(stage.precision):
        return stage.attack.plugin.perturb(view, state, batch.images.clone(), batch.goal, codes, budget, run)


def _warm_up(attacking: partial[Tensor], batch: Batch, stage: AttackStage, done: Done, run: Run) -> None:
    """A batch untimed, an ensemble apart, which is long enough; and, once for a stage, one image without a budget."""
    apart = dataclasses.replace(run, checkpoint=None, precision=stage.precision)
    if not isinstance(stage.attack.plugin, Ensemble):
        check_images(stage.attack.text, attacking(batch, stage.budget, apart), batch.images)
    if done.without_budget is None:
        one = batch.first
        without = change_without_budget(lambda budget: attacking(one, budget, apart), one.images, stage.budget)
        done.without_budget = without.cpu()
