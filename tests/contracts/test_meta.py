"""No host synchronisation and no tensor on the wrong device: every inner loop runs on the meta device, which refuses both."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch
from helpers import sibling
from torch import nn
from torch.overrides import TorchFunctionMode

from hashbench.api import Budget, FittedAim, Goal, LabelledCodes, Run, Trunk, Victim, Wanted
from hashbench.contracts.hasher import TrunkHasher
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.testing.search import FarEngine

META = torch.device("meta")


class OnlyHere(TorchFunctionMode):
    """Fails where a floating-point tensor is created elsewhere than on `device`; draws from a seeded generator may be moved."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        flat = [item for arg in args for item in (arg if isinstance(arg, list | tuple) else [arg])]
        tensors = [item for item in flat if isinstance(item, torch.Tensor)]
        if isinstance(result, torch.Tensor) and not tensors and "generator" not in (kwargs or {}) and result.dim():
            assert result.device == self.device, f"{func} made a tensor on {result.device}"
        return result


def meta_hasher(side: int = 32, bits: int = 8) -> TrunkHasher:
    with META:
        return TrunkHasher(Trunk(nn.Flatten(), 3 * side * side, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), bits)


def goal(batch: int = 2, classes: int = 3) -> Goal:
    return Goal(torch.zeros(batch, classes, device=META), torch.zeros(batch, classes, device=META), tuple(range(batch)))


LOOPS = ["apgd[steps=3,starts=2]", "cw[steps=2,searches=2]", "hag", "nag", "pgd[momentum=pgn,steps=2]"]


@pytest.mark.parametrize(
    "attack",
    ["noise", "p2p", "dhta", "fgsm", "ifgsm", "ifgsm[rule=l2]", "ifgsm[rule=raw]", *LOOPS],
    ids=lambda text: text,
)
def test_attacks(attack: str) -> None:
    plugin = configure("attacks", attack)
    images = torch.zeros(2, 3, 32, 32, device=META)
    view = Victim(meta_hasher(), plugin.access)
    with OnlyHere(META):
        result = plugin.perturb(view, {}, images, goal(), torch.zeros(2, 8, device=META), Budget(), Run(0, META))
    assert result.device == META and result.shape == images.shape


ASKING = ["square", "signhunter", "nes[pairs=2]", "simba", "zoo", "bandits", "rgf[directions=2]", "rays", "hsja[probes=2]"]


@pytest.mark.parametrize("answer", ["code", "distances", "ids"])
@pytest.mark.parametrize("attack", ASKING)
def test_attacks_that_ask_wait_for_nothing_but_the_answers(attack: str, answer: str) -> None:
    name, _, options = attack.partition("[")
    plugin = configure("attacks", f"{name}[queries=40,examples=1,answer={answer}{',' + options if options else ']'}")
    images = torch.zeros(2, 3, 32, 32, device=META)
    goal = Wanted((0, 1), tuple(images[:, None]))
    with OnlyHere(META):
        result = plugin.perturb(FarEngine(meta_hasher(), plugin).view, {}, images, goal, None, Budget(), Run(0, META))
    assert result.device == META and result.shape == images.shape


@pytest.mark.parametrize("update", [True, False])
@pytest.mark.parametrize("mode", ["tanh", "project", "none"])
@pytest.mark.parametrize("attack", ["prosgan", "apga", "ttagan"])
def test_a_generator_s_step(attack: str, update: bool, mode: str) -> None:
    training = sibling("attacks", "prosgan", "training")
    aims = importlib.import_module(registry.load("aims", "prototype").__module__)
    with META:
        generator = sibling("attacks", "prosgan", "generator").Generator(16 if attack == "prosgan" else 3, 32, 8, 8)
        discriminator = sibling("attacks", "prosgan", "discriminator").Discriminator(3, 32, 8)
        prototype = aims.PrototypeNet(3, 8, 16, 16)
        known = LabelledCodes(torch.ones(5, 8), torch.ones(5, 3))
    plugin, run = configure("attacks", attack), Run(0, META)
    victim = Victim(meta_hasher(), "gradients", {"train": lambda: known})
    aim = None if attack == "apga" else FittedAim(configure("aims", plugin.aim), prototype.state_dict())
    optimisers = [torch.optim.Adam(net.parameters(), 1e-4) for net in (generator, discriminator)]
    trainer = training.Trainer(
        generator,
        discriminator,
        plugin.condition(victim, aim, run),
        plugin.hashing(victim, run),
        training.Weights(50, 5, 1),
        mode,
        8 / 255,
        *optimisers,
    )
    with OnlyHere(META):
        labels = torch.zeros(2, 3, device=META)
        assert trainer.step(torch.zeros(2, 3, 32, 32, device=META), labels, labels, update).device == META


def test_prototype_step() -> None:
    aims = importlib.import_module(registry.load("aims", "prototype").__module__)
    with META:
        net, labels, bank = aims.PrototypeNet(3, 8, 16, 16), torch.zeros(4, 3), torch.zeros(10, 8)
        bank_labels = torch.zeros(10, 3)
    optimiser = torch.optim.Adam(net.parameters())
    with OnlyHere(META):
        assert aims.prototype_step(net, optimiser, labels, bank, bank_labels).device == META


LEARNED = ("dpsh", "dph", "hashnet", "csq", "dpn", "orthohash", "greedyhash", "dch", "mdsh", "bihalf", "cibhash")


@pytest.mark.parametrize(
    ("name", "backbone"), [*((name, "convnet") for name in LEARNED), *(("dpsh", name) for name in ("resnet18", "alexnet", "vgg11"))]
)
def test_hasher_training_steps(name: str, backbone: str) -> None:
    method = configure("hashers", name)
    side = 64
    with META:
        trunk = configure("backbones", backbone).build(side)
        hasher = method.build(trunk, 8)
        images, labels, positions = torch.zeros(2, 3, side, side), torch.zeros(6, 3), torch.zeros(2, dtype=torch.long)
        classifier = nn.Sequential(trunk, nn.Linear(trunk.width, 3))
    augment = sibling("hashers", "dpsh", "augment")
    warmup = sibling("hashers", "dpsh", "warmup")
    kept = method.begin(hasher, labels, Run(0, META))
    with OnlyHere(META):
        images = augment.flip_and_shift(images, torch.Generator().manual_seed(0))
        method.before_step(hasher, 0)
        views = method.views(images, torch.Generator().manual_seed(0))
        views = trunk(views) if method.keeps_features else views
        assert method.step(hasher, torch.optim.SGD(hasher.parameters(), 0.1), kept, labels, positions, views).device == META
        assert warmup.warm_up_step(classifier, torch.optim.AdamW(classifier.parameters()), images, labels[:2]).device == META


def test_targets_in_training_are_drawn_without_a_wait() -> None:
    targets = sibling("aims", "prototype", "targets")
    pool, labels = torch.zeros(5, 3, device=META), torch.zeros(4, 3, device=META)
    assert targets.draw_targets(pool, 4, torch.Generator()).shape == labels.shape
    assert targets.draw_disjoint_targets(pool, labels, torch.Generator()).shape == labels.shape
