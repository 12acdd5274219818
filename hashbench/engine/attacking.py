"""Stages of an attack: the aim and its codes, the fitted attack, the adversarial images, their codes on a victim."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hashbench.attack import FittedAim, State
from hashbench.budget import Budget
from hashbench.data.split import Split
from hashbench.engine.context import Chosen, Context, load_tensors, save_tensors
from hashbench.engine.enforce import check_images, differences, enforce
from hashbench.engine.seeds import seeded
from hashbench.engine.sources import Targets, draw_targets, load_source
from hashbench.engine.store import digest
from hashbench.engine.victims import HasherChoice, hash_pixels, train_hasher, victim_of
from hashbench.errors import ContractError
from hashbench.goal import Goal
from hashbench.products import AttackLog
from hashbench.protocol import Protocol
from hashbench.run import derive_seed


@dataclass(frozen=True)
class AttackChoice:
    """Which attack, on which hasher, under which protocol."""

    victim: HasherChoice
    attack: Chosen
    aim: Chosen | None
    budget: Budget
    protocol: Protocol
    queries: int | None

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
    targets = _targets(context, choice)
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
    targets = _targets(context, choice)
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
    }

    def make(draft: Path) -> None:
        tensors, timing = perturb_all(context, choice, targets, state, codes)
        save_tensors(tensors, draft / "tensors.safetensors")
        (draft / "timing.json").write_text(json.dumps(timing), encoding="utf-8")

    folder = context.store.product("images", key, make)
    arrays = {name: t.numpy() for name, t in load_tensors(folder / "tensors.safetensors", torch.device("cpu")).items()}
    timing = json.loads((folder / "timing.json").read_text(encoding="utf-8"))
    log = AttackLog(
        arrays["squares"], arrays["linf"], arrays["changed"], **timing, fit_seconds=fit_seconds, aim_fit_seconds=aim_seconds
    )
    return AttackedImages(arrays["adversarial"], log, key)


def perturb_all(
    context: Context, choice: AttackChoice, targets: Targets, state: State, codes: np.ndarray | None
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Run the attack batch by batch, one untimed warm-up batch first. Raises ContractError for images it may not return."""
    attack = choice.attack.plugin
    seed = derive_seed("perturb", *choice.names)
    view = victim_of(context, choice.victim, attack.access)
    aims = None if codes is None else torch.from_numpy(codes).to(context.device).float()
    done: dict[str, list[Tensor]] = {"adversarial": [], "squares": [], "linf": [], "changed": []}
    seconds, warm = 0.0, False
    total = -(-len(targets.queries) // context.batch_size)
    start = 0
    with seeded(seed, context.device):
        batches = query_batches(context, choice, targets)
        for images, goal in context.progress.track(batches, f"attacking with {choice.attack.text}", total):
            batch_codes = None if aims is None else aims[start : start + len(images)]
            start += len(images)

            def perturb(images: Tensor = images, goal: Goal = goal, batch_codes: Tensor | None = batch_codes) -> Tensor:
                given = None if batch_codes is None else batch_codes.clone()
                perturbed: Tensor = attack.perturb(view, state, images.clone(), goal, given, choice.budget, context.run(seed))
                return perturbed

            if not warm:
                perturb(images=images[:1], goal=_first(goal), batch_codes=None if batch_codes is None else batch_codes[:1])
                view.forwards = view.backwards = 0
                warm = True
            perturbed, batch_seconds = context.timed(perturb)
            seconds += batch_seconds
            check_images(choice.attack.text, perturbed, images)
            for name, value in differences(perturbed, images).items():
                done[name].append(value.cpu())
            done["adversarial"].append(enforce(perturbed, images, choice.budget, choice.protocol).cpu())
    count = len(targets.queries)
    timing = {
        "seconds_per_image": seconds / count,
        "forwards_per_image": view.forwards / count,
        "backwards_per_image": view.backwards / count,
    }
    return {name: torch.cat(parts) for name, parts in done.items()}, timing


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


def _targets(context: Context, choice: AttackChoice) -> Targets:
    return draw_targets(context, choice.victim.source, choice.protocol, choice.queries, choice.victim.seed)


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
