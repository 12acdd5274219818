"""The contract of an attack, rule by rule."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.attack import Attack, FittedAim, State
from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal, Wanted
from hashbench.contracts.hasher import TrunkHasher
from hashbench.contracts.run import Run
from hashbench.contracts.split import Unlabelled
from hashbench.contracts.victim import Victim
from hashbench.engine.machine.seeds import seeded
from hashbench.engine.stages.enforce import check_images
from hashbench.errors import ContractError
from hashbench.testing.finding import Finding, Trial, global_randomness, survives, try_options
from hashbench.testing.search import FarEngine, small_engine, wanted_of
from hashbench.testing.small import CPU, QUERIES, small_aim, small_goal, small_hasher, small_split, small_victim

_HALF_LEVEL = 0.5 / 255
META = torch.device("meta")
META_ADVICE = (
    "make no tensor on another device than the images', ask no tensor for its value in the loop, "
    "and choose by torch.where or by_image, not by an index of booleans"
)


class _Subject:
    """The attack, fitted, and what it is tried on."""

    def __init__(self, attack: Attack) -> None:
        self.attack = attack.shortened() if isinstance(attack, QueryAttack) else attack
        self.split = small_split()
        self.hasher = small_hasher()
        self.budget = Budget()
        self.aim: FittedAim | None = small_aim(attack, self.hasher, self.split)
        self.images = self.split.images(np.arange(QUERIES), CPU)
        self.goal = small_goal()
        self.state: State = {}
        victim = small_victim(self.hasher, self.split, "gradients")
        self.codes = None if self.aim is None else self.aim.codes(victim, self.images, self.goal, Run(0, CPU))

    def fit(self) -> dict[str, Tensor]:
        with seeded(0, CPU):
            data = Unlabelled(self.split) if isinstance(self.attack, QueryAttack) else self.split
            return self.attack.fit(self.victim(), data, self.aim, self.budget, Run(0, CPU))

    def victim(self, hasher: TrunkHasher | None = None) -> Victim:
        """What the attack gets of a hasher."""
        if isinstance(self.attack, QueryAttack):
            limit = max(self.attack.queries, self.attack.fit_queries)
            return small_engine(hasher or self.hasher, self.split, self.attack, limit).view
        return small_victim(hasher or self.hasher, self.split, self.attack.access)

    def asked(self, goal: Goal, device: torch.device = CPU) -> Goal:
        """What the attack gets of a goal."""
        return wanted_of(goal, self.split, self.attack, device) if isinstance(self.attack, QueryAttack) else goal

    def far(self) -> tuple[Victim, Goal]:
        """The victim and the goal on the meta device."""
        if isinstance(self.attack, QueryAttack):
            wanted = wanted_of(self.goal, self.split, self.attack, CPU)
            far = Wanted(wanted.indices, tuple(of.to(META) for of in wanted.examples))
            return FarEngine(small_hasher().to(META), self.attack).view, far
        view = small_victim(self.hasher, self.split, self.attack.access)
        view._hasher = small_hasher().to(META)
        return view, Goal(self.goal.query_labels.to(META), self.goal.target_labels.to(META), self.goal.indices)

    def perturb(self, rows: slice = slice(None), budget: Budget | None = None, hasher: TrunkHasher | None = None) -> Tensor:
        goal = Goal(self.goal.query_labels[rows].clone(), self.goal.target_labels[rows].clone(), self.goal.indices[rows])
        codes = None if self.codes is None else self.codes[rows].clone()
        images = self.images[rows].clone()
        args = (self.state, images, self.asked(goal), codes, budget or self.budget, Run(0, CPU))
        return self.attack.perturb(self.victim(hasher), *args)


def attack_findings(attack: Attack) -> list[Finding]:
    """Every rule that `attack` breaks; empty for a sound one."""
    trial = Trial(attack)
    try_options(trial)
    subject = _Subject(attack)
    with trial.rule("fit", "return a dict of tensors that safetensors can hold") as expect:
        state = subject.fit()
        expect(isinstance(state, dict) and all(isinstance(v, Tensor) for v in state.values()), "fit returns no dict of tensors")
        expect(survives(state), "what fit returns does not survive safetensors")
        again = subject.fit()
        expect(all(torch.equal(again[name], tensor) for name, tensor in state.items()), "two fits with one seed differ")
        subject.state = state
    with trial.rule("returns", "return detached float images shaped and placed like the input, finite everywhere") as expect:
        perturbed = subject.perturb()
        try:
            check_images("it", perturbed, subject.images)
        except ContractError as error:
            expect(False, str(error).rstrip("."))
    if trial.findings and trial.findings[-1].rule == "returns":
        return trial.findings
    _try_images(trial, subject, perturbed)
    _try_manners(trial, subject)
    return trial.findings


def _try_images(trial: Trial, subject: _Subject, perturbed: Tensor) -> None:
    """Rules about the images."""
    with trial.rule("range", "clip to [0, 1], as budget.project does") as expect:
        low, high = float(perturbed.min()), float(perturbed.max())
        expect(low >= 0 and high <= 1, f"its images go from {low:.3f} to {high:.3f}")
    with trial.rule("budget", "project onto the budget with budget.project") as expect:
        largest = float((perturbed - subject.images).abs().max())
        expect(largest <= subject.budget.epsilon + 1e-5, f"it changes images by up to {largest * 255:.1f} levels of 8 allowed")
    with trial.rule("no budget", "let every step shrink with budget.epsilon, or project") as expect:
        change = float((subject.perturb(budget=Budget(0.0)) - subject.images).abs().max())
        expect(change <= _HALF_LEVEL, f"with a budget of 0 it changes images by {change * 255:.1f} levels")
    with trial.rule("seed", "draw only from run.generator, run.query_generator or run.uniform") as expect:
        expect(torch.equal(subject.perturb(), perturbed), "two calls with one seed give different images")
    with trial.rule("batch", "let no image depend on its batch, and draw per query with run.query_generator") as expect:
        alone = torch.cat([subject.perturb(slice(i, i + 1)) for i in range(QUERIES)])
        gap = float((alone - perturbed).abs().max())
        expect(gap <= _HALF_LEVEL, f"an image alone and in a batch differ by {gap * 255:.1f} levels")


def _try_manners(trial: Trial, subject: _Subject) -> None:
    """Rules about side effects and devices."""
    attack = subject.attack
    with trial.rule("in place", "work on a clone: images.clone()") as expect:
        images, before = subject.images.clone(), subject.images.clone()
        codes = None if subject.codes is None else subject.codes.clone()
        state = {name: tensor.clone() for name, tensor in subject.state.items()}
        goal = subject.asked(Goal(subject.goal.query_labels.clone(), subject.goal.target_labels.clone(), subject.goal.indices))
        attack.perturb(subject.victim(), state, images, goal, codes, subject.budget, Run(0, CPU))
        expect(torch.equal(images, before), "it changes the images it is given")
        expect(codes is None or subject.codes is None or torch.equal(codes, subject.codes), "it changes the codes it is given")
        expect(all(torch.equal(state[name], tensor) for name, tensor in subject.state.items()), "it changes its state")
        same = zip(_held(goal), _held(subject.asked(subject.goal)), strict=True)
        expect(all(torch.equal(after, before) for after, before in same), "it changes the goal it is given")
    with trial.rule("randomness", "draw only from run.generator") as expect, global_randomness(expect):
        subject.perturb()
    with trial.rule("hasher", "use torch.autograd.grad with respect to the images, and leave its mode alone") as expect:
        hasher = small_hasher()
        before_state = copy.deepcopy(hasher.state_dict())
        subject.perturb(hasher=hasher)
        expect(not hasher.training, "it leaves the hasher in training mode")
        expect(all(p.grad is None for p in hasher.parameters()), "it leaves gradients in the hasher")
        expect(all(torch.equal(v, before_state[k]) for k, v in hasher.state_dict().items()), "it changes the hasher's weights")
    with trial.rule("meta", META_ADVICE):
        state = {name: tensor.to(META) for name, tensor in subject.state.items()}
        codes = None if subject.codes is None else subject.codes.to(META)
        view, goal = subject.far()
        attack.perturb(view, state, subject.images.to(META), goal, codes, subject.budget, Run(0, META))


def _held(goal: Goal) -> tuple[Tensor, ...]:
    """The tensors of a goal."""
    return goal.examples if isinstance(goal, Wanted) else (goal.query_labels, goal.target_labels)
