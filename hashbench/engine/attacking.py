"""Stages of an attack: the aim and its codes, the fitted attack, the adversarial images, their codes on a victim."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hashbench.attack import FittedAim, State
from hashbench.budget import Budget
from hashbench.data.split import Split
from hashbench.engine.checks import change_without_budget, zero_gradients
from hashbench.engine.context import Chosen, Context, load_tensors, save_tensors
from hashbench.engine.enforce import check_images, differences, enforce
from hashbench.engine.seeds import seeded
from hashbench.engine.sources import load_source
from hashbench.engine.store import digest
from hashbench.engine.targets import TargetChoice, Targets, draw_targets
from hashbench.engine.victims import HasherChoice, hash_pixels, train_hasher, victim_of
from hashbench.errors import ContractError
from hashbench.goal import Goal
from hashbench.hasher import sign
from hashbench.products import AttackLog
from hashbench.protocol import Protocol
from hashbench.run import derive_seed

Batch = tuple[Tensor, Goal, Tensor | None]


@dataclass(frozen=True)
class AttackChoice:
    """Which attack, on which hasher, under which protocol."""

    victim: HasherChoice
    attack: Chosen
    aim: Chosen | None
    budget: Budget
    protocol: Protocol
    queries: int | None
    target_file: Path | None = None

    @property
    def targets(self) -> TargetChoice:
        """The queries and targets that all attacks of a table share."""
        return TargetChoice(self.victim.source, self.protocol, self.queries, self.victim.seed, self.target_file)

    @property
    def names(self) -> tuple[object, ...]:
        """What the attack's randomness is seeded by."""
        return (self.victim.seed, self.victim.source.name, self.victim.label, self.attack.text)


@dataclass(frozen=True)
class AttackedImages:
    """Adversarial images as they are scored, and what was seen while they were made."""

    adversarial: np.ndarray
    """(Q, 3, h, w) uint8, or float32 in [0, 1] where the protocol does not round."""
    log: AttackLog
    unrounded_codes: np.ndarray
    """(Q, K) int8 codes of the same images before they were rounded to 8 bits."""
    key: dict[str, Any]


def fit_aim(context: Context, victim: HasherChoice, aim: Chosen) -> tuple[FittedAim, float, dict[str, Any]]:
    """The fitted aim, the seconds its fit took, and its key."""
    trained = train_hasher(context, victim)
    key = {"hasher": digest(trained.key), "aim": aim.key, "seed": victim.seed}
    seed = derive_seed(victim.seed, "fit aim", victim.source.name, victim.label, aim.text)

    def make(draft: Path) -> None:
        data = load_source(context, victim.source).split("train")
        with seeded(seed, context.device):
            view = victim_of(context, victim, "gradients")
            state, seconds = context.timed(lambda: aim.plugin.fit(view, data, context.run(seed)))
        _save_fit(draft, state, seconds)

    state, seconds = _load_fit(context, context.store.product("aim", key, make))
    return FittedAim(aim.plugin, state), seconds, key


def aim_codes(context: Context, choice: AttackChoice, aim: Chosen) -> tuple[np.ndarray, dict[str, Any]]:
    """(Q, K) int8 codes the aim steers to, and their key. Images drawn for anchors are the same for every hasher."""
    fitted, _, fit_key = fit_aim(context, choice.victim, aim)
    targets = draw_targets(context, choice.targets)
    key = {"aim": digest(fit_key), "targets": digest(targets.key), "seed": choice.victim.seed}
    seed = derive_seed(choice.victim.seed, "aim", choice.victim.source.name, aim.text)

    def make(draft: Path) -> None:
        view = victim_of(context, choice.victim, "gradients")
        run = context.run(seed)
        codes = [
            fitted.codes(view, images, goal, run).to(torch.int8).cpu() for images, goal in query_batches(context, choice, targets)
        ]
        save_tensors({"codes": torch.cat(codes)}, draft / "tensors.safetensors")

    folder = context.store.product("aim_codes", key, make)
    return load_tensors(folder / "tensors.safetensors", torch.device("cpu"))["codes"].numpy(), key


def fit_attack(context: Context, choice: AttackChoice) -> tuple[State, float, dict[str, Any]]:
    """What the attack's `fit` returned, its seconds, and its key."""
    aim, aim_key = None, None
    if choice.aim is not None:
        aim, _, aim_key = fit_aim(context, choice.victim, choice.aim)
    trained = train_hasher(context, choice.victim)
    key = {
        "hasher": digest(trained.key),
        "attack": choice.attack.key,
        "aim": aim_key and digest(aim_key),
        "budget": [choice.budget.norm, choice.budget.epsilon],
        "seed": choice.victim.seed,
    }
    seed = derive_seed("fit attack", *choice.names)

    def make(draft: Path) -> None:
        data = load_source(context, choice.victim.source).split("train")
        with seeded(seed, context.device):
            view = victim_of(context, choice.victim, choice.attack.plugin.access)
            run = context.run(seed)
            state, seconds = context.timed(lambda: choice.attack.plugin.fit(view, data, aim, choice.budget, run))
        _save_fit(draft, state, seconds)

    state, seconds = _load_fit(context, context.store.product("attack", key, make))
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
        "format": 2,
    }

    def make(draft: Path) -> None:
        tensors, timing = perturb_all(context, choice, targets, state, codes)
        save_tensors(tensors, draft / "tensors.safetensors")
        (draft / "timing.json").write_text(json.dumps(timing), encoding="utf-8")

    folder = context.store.product("images", key, make)
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


def perturb_all(
    context: Context, choice: AttackChoice, targets: Targets, state: State, codes: np.ndarray | None
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Run the attack batch by batch, one untimed warm-up batch first. Raises ContractError for images it may not return."""
    attack = choice.attack.plugin
    seed = derive_seed("perturb", *choice.names)
    view = victim_of(context, choice.victim, attack.access)
    aims = None if codes is None else torch.from_numpy(codes).to(context.device).float()
    unrounded = dataclasses.replace(choice.protocol, eight_bit=False)
    hasher = train_hasher(context, choice.victim).hasher
    done: dict[str, list[Tensor]] = {}
    without_budget: Tensor | None = None
    seconds = 0.0
    total = -(-len(targets.queries) // context.batch_size)
    start = 0
    with seeded(seed, context.device):
        batches = query_batches(context, choice, targets)
        for images, goal in context.progress.track(batches, f"attacking with {choice.attack.text}", total):
            batch_codes = None if aims is None else aims[start : start + len(images)]
            start += len(images)

            def perturb(budget: Budget = choice.budget, batch: Batch = (images, goal, batch_codes)) -> Tensor:
                given = None if batch[2] is None else batch[2].clone()
                perturbed: Tensor = attack.perturb(view, state, batch[0].clone(), batch[1], given, budget, context.run(seed))
                return perturbed

            if without_budget is None:
                one = (images[:1], _first(goal), None if batch_codes is None else batch_codes[:1])
                perturb(batch=one)
                without_budget = change_without_budget(partial(perturb, batch=one), images[:1], choice.budget)
                view.forwards = view.backwards = 0
            perturbed, batch_seconds = context.timed(perturb)
            seconds += batch_seconds
            check_images(choice.attack.text, perturbed, images)
            seen = differences(perturbed, images)
            seen["adversarial"] = enforce(perturbed, images, choice.budget, choice.protocol)
            with torch.no_grad():
                seen["unrounded_codes"] = sign(hasher(enforce(perturbed, images, choice.budget, unrounded))).to(torch.int8)
            if attack.access == "gradients" and batch_codes is not None:
                seen["zero_gradient"] = zero_gradients(victim_of(context, choice.victim, "gradients"), images, batch_codes)
            for name, value in seen.items():
                done.setdefault(name, []).append(value.cpu())
    count = len(targets.queries)
    timing = {
        "seconds_per_image": seconds / count,
        "forwards_per_image": view.forwards / count,
        "backwards_per_image": view.backwards / count,
    }
    made = {name: torch.cat(parts) for name, parts in done.items()}
    if without_budget is not None:
        made["change_without_budget"] = without_budget
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


def query_batches(context: Context, choice: AttackChoice, targets: Targets) -> Any:
    """Images and goals of the attacked queries, batch by batch, on the device."""
    loaded = load_source(context, choice.victim.source)
    rows = loaded.data.rows["query"][targets.queries]
    split = Split(loaded.data.name, loaded.pixels, loaded.data.labels, rows)
    target_labels = torch.from_numpy(targets.labels).float()
    start = 0
    for _, images in split.batches(context.batch_size, context.device):
        stop = start + len(images)
        yield (
            images,
            Goal(
                split.labels[start:stop].to(context.device),
                target_labels[start:stop].to(context.device),
                tuple(int(i) for i in targets.queries[start:stop]),
            ),
        )
        start = stop


def _first(goal: Goal) -> Goal:
    return Goal(goal.query_labels[:1], goal.target_labels[:1], goal.indices[:1])


def _save_fit(draft: Path, state: Any, seconds: float) -> None:
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ContractError("fit must return a dict of tensors.")
    save_tensors(state, draft / "tensors.safetensors")
    (draft / "timing.json").write_text(json.dumps({"fit_seconds": seconds}), encoding="utf-8")


def _load_fit(context: Context, folder: Path) -> tuple[State, float]:
    seconds = json.loads((folder / "timing.json").read_text(encoding="utf-8"))["fit_seconds"]
    return load_tensors(folder / "tensors.safetensors", context.device), float(seconds)
