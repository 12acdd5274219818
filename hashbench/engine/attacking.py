"""Stages of an attack: the fitted attack, the adversarial images, their codes on a victim."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hashbench.attack import State
from hashbench.budget import Budget
from hashbench.engine.aiming import AttackChoice, aim_codes, fit_aim, load_fit, query_batches, save_fit
from hashbench.engine.checks import change_without_budget, zero_gradients
from hashbench.engine.context import Context, load_tensors, save_tensors
from hashbench.engine.enforce import check_images, differences, enforce
from hashbench.engine.sources import load_source
from hashbench.engine.store import digest
from hashbench.engine.targets import Targets, draw_targets
from hashbench.engine.victims import HasherChoice, hash_pixels, train_hasher, victim_of
from hashbench.goal import Goal
from hashbench.products import AttackLog
from hashbench.run import Run, derive_seed
from hashbench.victim import Victim

Batch = tuple[Tensor, Goal, Tensor | None]


@dataclass(frozen=True)
class AttackedImages:
    """Adversarial images as they are scored, and what was seen while they were made."""

    adversarial: np.ndarray
    """(Q, 3, h, w) uint8, or float32 in [0, 1] where the protocol does not round."""
    log: AttackLog
    unrounded_codes: np.ndarray
    """(Q, K) int8 codes of the same images before they were rounded to 8 bits."""
    key: dict[str, Any]


def fit_attack(context: Context, choice: AttackChoice) -> tuple[State, float, dict[str, Any]]:
    """What the attack's `fit` returned, its seconds, and its key."""
    aim, aim_key = None, None
    if choice.aim is not None:
        aim, _, aim_key = fit_aim(context, choice.victim, choice.aim)
    trained = train_hasher(context, choice.victim)
    seed = derive_seed("fit attack", *choice.names)
    key = {
        "hasher": digest(trained.key),
        "attack": choice.attack.key,
        "aim": aim_key and digest(aim_key),
        "budget": [choice.budget.norm, choice.budget.epsilon],
        "seed": seed,
    }

    def make(draft: Path, run: Run) -> None:
        data = load_source(context, choice.victim.source).split("train")
        view = victim_of(context, choice.victim, choice.attack.plugin.access)
        state, seconds = context.timed(lambda: choice.attack.plugin.fit(view, data, aim, choice.budget, run))
        save_fit(draft, state, run.spent + seconds)

    state, seconds = load_fit(context, context.long_product("attack", key, make, choice.work))
    return state, seconds, key


def attack_queries(context: Context, choice: AttackChoice) -> AttackedImages:
    """The adversarial images of all queries: perturbed, enforced as the protocol says, and kept."""
    state, fit_seconds, fit_key = fit_attack(context, choice)
    targets = draw_targets(context, choice.targets)
    codes, codes_key, aim_seconds = None, None, 0.0
    if choice.aim is not None:
        codes, codes_key = aim_codes(context, choice, choice.aim)
        _, aim_seconds, _ = fit_aim(context, choice.victim, choice.aim)
    key = {
        "attack": digest(fit_key),
        "codes": codes_key and digest(codes_key),
        "targets": digest(targets.key),
        "enforce": [choice.protocol.enforce_budget, choice.protocol.eight_bit],
        "batch_size": context.batch_size,
        "seed": derive_seed("perturb", *choice.names),
    }

    def make(draft: Path, run: Run) -> None:
        tensors, timing = perturb_all(context, choice, targets, state, codes, run)
        save_tensors(tensors, draft / "tensors.safetensors")
        (draft / "timing.json").write_text(json.dumps(timing), encoding="utf-8")

    folder = context.long_product("images", key, make, choice.work)
    arrays = {name: t.numpy() for name, t in load_tensors(folder / "tensors.safetensors", torch.device("cpu")).items()}
    timing = json.loads((folder / "timing.json").read_text(encoding="utf-8"))
    log = AttackLog(
        arrays["squares"],
        arrays["linf"],
        arrays["changed"],
        **timing,
        fit_seconds=fit_seconds,
        aim_fit_seconds=aim_seconds,
        zero_gradient=arrays.get("zero_gradient"),
        change_without_budget=float(arrays["change_without_budget"]),
    )
    return AttackedImages(arrays["adversarial"], log, arrays["unrounded_codes"], key)


class _Done:
    """What is known of the batches that are done."""

    def __init__(self) -> None:
        self.seen: dict[str, list[Tensor]] = {}
        self.without_budget: Tensor | None = None
        self.seconds, self.forwards, self.backwards = 0.0, 0, 0

    def add(self, seen: Mapping[str, Tensor], seconds: float, view: Victim) -> None:
        """A batch more; the victim's counters begin again."""
        for name, value in seen.items():
            self.seen.setdefault(name, []).append(value.cpu())
        self.seconds += seconds
        self.forwards += view.forwards
        self.backwards += view.backwards
        view.forwards = view.backwards = 0

    def state_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        vars(self).update(state_dict)


def perturb_all(
    context: Context, choice: AttackChoice, targets: Targets, state: State, codes: np.ndarray | None, run: Run
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Run the attack batch by batch, one untimed warm-up batch first. Raises ContractError for images it may not return."""
    attack = choice.attack.plugin
    view = victim_of(context, choice.victim, attack.access)
    aims = None if codes is None else torch.from_numpy(codes).to(context.device).float()
    unrounded = dataclasses.replace(choice.protocol, eight_bit=False)
    probe = victim_of(context, choice.victim, "gradients")

    def perturb(batch: Batch, budget: Budget = choice.budget, inner: Run | None = None) -> Tensor:
        images, goal, codes = batch
        given = None if codes is None else codes.clone()
        own = inner or dataclasses.replace(run, checkpoint=None)
        perturbed: Tensor = attack.perturb(view, state, images.clone(), goal, given, budget, own)
        return perturbed

    batches = list(range(0, len(targets.queries), context.batch_size))
    done = _Done()
    left = run.resumable(len(batches), done=done)
    parts = query_batches(context, choice, targets, left.first)
    steps = zip(left, parts, strict=True)
    for step, (images, goal) in context.progress.track(steps, f"attacking with {choice.attack.text}", len(left)):
        start = batches[step]
        batch_codes = None if aims is None else aims[start : start + len(images)]
        if done.without_budget is None:
            one = (images[:1], _first(goal), None if batch_codes is None else batch_codes[:1])
            check_images(choice.attack.text, perturb(one), images[:1])
            done.without_budget = change_without_budget(partial(perturb, one), images[:1], choice.budget).cpu()
            view.forwards = view.backwards = 0
        inner = run.below(f"batch{step}", victim=view)
        perturbed, seconds = context.timed(partial(perturb, (images, goal, batch_codes), inner=inner))
        check_images(choice.attack.text, perturbed, images)
        seen = differences(perturbed, images)
        seen["adversarial"] = enforce(perturbed, images, choice.budget, choice.protocol)
        seen["unrounded_codes"] = probe.codes(enforce(perturbed, images, choice.budget, unrounded)).to(torch.int8)
        if attack.access == "gradients" and batch_codes is not None:
            seen["zero_gradient"] = zero_gradients(probe, images, batch_codes)
        done.add(seen, inner.spent + seconds, view)
    count = len(targets.queries)
    timing = {
        "seconds_per_image": done.seconds / count,
        "forwards_per_image": done.forwards / count,
        "backwards_per_image": done.backwards / count,
    }
    made = {name: torch.cat(parts) for name, parts in done.seen.items()}
    if done.without_budget is not None:
        made["change_without_budget"] = done.without_budget
    return made, timing


def attacked_codes(context: Context, choice: AttackChoice, images: AttackedImages, victim: HasherChoice) -> np.ndarray:
    """(Q, K) int8 codes of the adversarial images on a victim, the attacked hasher or another."""
    trained = train_hasher(context, victim)
    key = {"images": digest(images.key), "hasher": digest(trained.key)}

    def make(draft: Path) -> None:
        codes = hash_pixels(context, trained.hasher, images.adversarial)
        save_tensors({"codes": torch.from_numpy(codes)}, draft / "tensors.safetensors")

    folder = context.store.product("attacked_codes", key, make)
    hashed: np.ndarray = load_tensors(folder / "tensors.safetensors", torch.device("cpu"))["codes"].numpy()
    return hashed


def _first(goal: Goal) -> Goal:
    return Goal(goal.query_labels[:1], goal.target_labels[:1], goal.indices[:1])
