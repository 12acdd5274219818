"""`hashbench.attack`: an attack on images that the program holds."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hashbench.contracts.asking import QueryAttack
from hashbench.contracts.attack import Aim, Attack, FittedAim, aim_of, is_targeted
from hashbench.contracts.budget import Budget
from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run, Silent, derive_seed
from hashbench.contracts.split import Unlabelled
from hashbench.contracts.victim import Access, Victim
from hashbench.engine.machine.seeds import seeded
from hashbench.engine.planning.config import is_of_values
from hashbench.engine.stages.enforce import check_images, enforce
from hashbench.errors import UserError
from hashbench.plugins.configure import configure, fraction
from hashbench.protocols.protocol import PROTOCOLS
from hashbench.python.asking import engine_for, wanted_for
from hashbench.python.given import Labelled, References, as_hasher, as_images, goal_of, split_of, to_floats
from hashbench.python.machine import bars
from hashbench.typing import Norm


def attack(
    model: nn.Module,
    images: Tensor,
    attack: str = "ifgsm",
    *,
    target_labels: Tensor | None = None,
    query_labels: Tensor | None = None,
    database: Labelled | None = None,
    train: Labelled | None = None,
    epsilon: float | str = 8 / 255,
    norm: Norm = "linf",
    seed: int = 0,
    batch_size: int = 64,
    progress: bool = True,
) -> Tensor:
    """Adversarial images of 8 bits, within `epsilon` of the given ones as 8 bits hold them: the ones a benchmark would score.

    `norm`: "linf", or "l2", the length of an image's change.

    `model`: images (B, 3, H, W) in [0, 1] to (B, K) outputs whose signs are the code; `hashbench.Model` around it says otherwise.
    `images`: (B, 3, H, W) uint8, or floats in [0, 1]; the result is alike. `attack`: its name with options. `target_labels`
    (B, C) of 0 and 1: what the images should be taken for. `query_labels` (B, C): what they are, for attacks that ask.
    `database`: (N, K) codes or (N, 3, H, W) images, and (N, C) labels, where the aim's code is looked up, or, for attacks that only
    ask, what is searched, and shown of the target. `train`: (M, 3, H, W)
    uint8 images and (M, C) labels, for attacks that are fitted (prosgan); each stands for the other where that is missing.

    Raises UserError for what is missing or does not fit.
    """
    if not isinstance(attack, str):
        raise UserError(
            "attack is no text: give a name with its options, or where a class of your own lies, as in './mine.py:Mine[steps=3]'."
        )
    plugin: Attack = configure("attacks", attack).resolve("")
    text = aim_of(plugin)
    aim: Aim | None = None if text is None else configure("aims", text)
    if train is None and any(type(one).fit not in (Aim.fit, Attack.fit) for one in (aim, plugin) if one is not None):
        raise UserError(f"{attack} learns from training images before it attacks: give train=(images, labels).")
    if batch_size < 1:
        raise UserError(f"batch_size is {batch_size}: give at least 1.")
    given = as_images(images)
    hasher = as_hasher(model, given.shape[-1])
    device = next((tensor.device for tensor in [*hasher.parameters(), *hasher.buffers()]), given.device)
    given, budget = given.to(device), Budget(fraction(str(epsilon), "epsilon"), norm)
    if is_of_values(norm, budget.epsilon):
        raise UserError("norm='l2' bounds the length of an image's change: give an epsilon with it, such as 1.0.")
    goal = goal_of(given, target_labels, query_labels, database, needed=bool(is_targeted(plugin, aim)))
    found = {"database": train if database is None else database, "train": database if train is None else train}
    run, data = Run(derive_seed(seed, attack), device, batch_size, bars() if progress else Silent()), split_of(train)
    known = References(hasher, run, found, given.shape[1:], goal.target_labels.shape[1])

    def view(access: Access) -> Victim:
        return Victim(hasher, access, {"database": lambda: known.of("database"), "train": lambda: known.of("train")})

    made = []
    with seeded(run.seed, device):
        fitted = None if aim is None else FittedAim(aim, aim.fit(view("gradients"), data, run))
        if isinstance(plugin, QueryAttack):
            state = plugin.fit(engine_for(plugin, known, plugin.fit_queries).view, Unlabelled(data), fitted, budget, run)
        else:
            state = plugin.fit(view(plugin.access), data, fitted, budget, run)
        for start in run.track(range(0, len(given), batch_size), f"attacking with {attack}"):
            some = slice(start, start + batch_size)
            asked = Goal(goal.query_labels[some], goal.target_labels[some], goal.indices[some])
            codes = None if fitted is None else fitted.codes(view("gradients"), given[some], asked, run)
            if isinstance(plugin, QueryAttack):
                asked = wanted_for(plugin, asked, known, found, seed)
                seen: Victim = engine_for(plugin, known, plugin.queries).view
            else:
                seen = view(plugin.access)
            perturbed = plugin.perturb(seen, state, given[some].clone(), asked, codes, budget, run)
            check_images(attack, perturbed, given[some])
            made.append(enforce(perturbed, given[some], budget, PROTOCOLS["harmonised"]))
    done = torch.cat(made).to(images.device)
    return done if images.dtype == torch.uint8 else to_floats(done)
