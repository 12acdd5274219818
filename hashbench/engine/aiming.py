"""Stages of an aim: what it fits, and the codes it steers each query to."""

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
from hashbench.engine.sources import load_source
from hashbench.engine.store import canonical, digest
from hashbench.engine.targets import TargetChoice, Targets, draw_targets
from hashbench.engine.victims import HasherChoice, train_hasher, victim_of
from hashbench.errors import ContractError
from hashbench.goal import Goal
from hashbench.plugin import options_of
from hashbench.protocol import Protocol
from hashbench.run import Run, derive_seed


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
    def work(self) -> str:
        """What its fit and its images are timed under."""
        return f"{self.attack.work} against {self.victim.work}, {self.queries or 'all'} queries"

    @property
    def targets(self) -> TargetChoice:
        """The queries and targets that all attacks of a table share."""
        return TargetChoice(self.victim.source, self.protocol, self.queries, self.victim.seed, self.target_file)

    @property
    def names(self) -> tuple[object, ...]:
        """What the attack's randomness is seeded by."""
        return (self.victim.seed, self.victim.source.name, self.victim.label, self.attack.text)


def fit_aim(context: Context, victim: HasherChoice, aim: Chosen) -> tuple[FittedAim, float, dict[str, Any]]:
    """The fitted aim, the seconds its fit took, and its key."""
    trained = train_hasher(context, victim)
    seed = derive_seed(victim.seed, "fit aim", victim.source.name, victim.label, aim.text)
    key = {"hasher": digest(trained.key), "aim": aim.key, "seed": seed}

    def make(draft: Path, run: Run) -> None:
        data = load_source(context, victim.source).split("train")
        view = victim_of(context, victim, "gradients")
        state, seconds = context.timed(lambda: aim.plugin.fit(view, data, run))
        save_fit(draft, state, run.spent + seconds)

    state, seconds = load_fit(context, context.long_product("aim", key, make, f"{aim.work} against {victim.work}"))
    return FittedAim(aim.plugin, state), seconds, key


def aim_codes(context: Context, choice: AttackChoice, aim: Chosen) -> tuple[np.ndarray, dict[str, Any]]:
    """(Q, K) int8 codes the aim steers to, and their key.

    Images drawn for anchors are the same for every hasher, and for every attack whose aim has the same options, however written.
    """
    fitted, _, fit_key = fit_aim(context, choice.victim, aim)
    targets = draw_targets(context, choice.targets)
    seed = derive_seed(choice.victim.seed, "aim", choice.victim.source.name, aim.key["name"], canonical(options_of(aim.plugin)))
    key = {"aim": digest(fit_key), "targets": digest(targets.key), "seed": seed}

    def make(draft: Path) -> None:
        view = victim_of(context, choice.victim, "gradients")
        run = context.run(seed)
        codes = [
            fitted.codes(view, images, goal, run).to(torch.int8).cpu() for images, goal in query_batches(context, choice, targets)
        ]
        save_tensors({"codes": torch.cat(codes)}, draft / "tensors.safetensors")

    folder = context.store.product("aim_codes", key, make)
    return load_tensors(folder / "tensors.safetensors", torch.device("cpu"))["codes"].numpy(), key


def query_batches(context: Context, choice: AttackChoice, targets: Targets, first: int = 0) -> Any:
    """Images and goals of the attacked queries, batch by batch from the batch `first`, on the device."""
    loaded = load_source(context, choice.victim.source)
    start = first * context.batch_size
    if start >= len(targets.queries):
        return
    rows = loaded.data.rows["query"][targets.queries[start:]]
    split = Split(loaded.data.name, loaded.pixels, loaded.data.labels, rows)
    target_labels = torch.from_numpy(targets.labels[start:]).float()
    indices, start = targets.queries[start:], 0
    for _, images in split.batches(context.batch_size, context.device):
        stop = start + len(images)
        yield (
            images,
            Goal(
                split.labels[start:stop].to(context.device),
                target_labels[start:stop].to(context.device),
                tuple(int(i) for i in indices[start:stop]),
            ),
        )
        start = stop


def save_fit(draft: Path, state: Any, seconds: float) -> None:
    """Keep what a `fit` returned and the seconds it took. Raises ContractError unless it is a dict of tensors."""
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ContractError("fit must return a dict of tensors.")
    save_tensors(state, draft / "tensors.safetensors")
    (draft / "timing.json").write_text(json.dumps({"fit_seconds": seconds}), encoding="utf-8")


def load_fit(context: Context, folder: Path) -> tuple[State, float]:
    """What `save_fit` kept."""
    seconds = json.loads((folder / "timing.json").read_text(encoding="utf-8"))["fit_seconds"]
    return load_tensors(folder / "tensors.safetensors", context.device), float(seconds)
