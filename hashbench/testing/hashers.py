"""The contracts of hashing methods and backbones."""

from __future__ import annotations

import json

import numpy as np
import torch

from hashbench.contracts.hasher import Backbone, HashingMethod, Trunk, TrunkHasher
from hashbench.contracts.run import Run
from hashbench.engine.machine.seeds import seeded
from hashbench.testing.finding import Finding, Trial, survives, try_options
from hashbench.testing.small import BITS, CPU, named, small_split

META = torch.device("meta")
_TRUNK = "convnet[width=8,warmup_epochs=1]"


def hasher_findings(method: HashingMethod) -> list[Finding]:
    """Every rule that a hashing method breaks; empty for a sound one."""
    trial = Trial(method)
    try_options(trial)
    split = small_split()
    images = split.images(np.arange(4), CPU)

    def trained(seed: int = 0) -> tuple[TrunkHasher, object]:
        with seeded(seed, CPU):
            hasher = method.build(named("backbones", _TRUNK).build(split.image_size), BITS)
            facts = method.fit(hasher, split, Run(seed, CPU))
        return hasher.eval(), facts

    def logits(hasher: TrunkHasher) -> torch.Tensor:
        with seeded(0, CPU):  # for one that is random
            made: torch.Tensor = hasher(images)
        return made

    with trial.rule("build", "return a hashbench.api.TrunkHasher with a hash layer of as many outputs as bits") as expect:
        for bits in (1, BITS, 33):
            hasher = method.build(named("backbones", _TRUNK).build(split.image_size), bits)
            expect(isinstance(hasher, TrunkHasher) and hasher.bits == bits, f"build gives no TrunkHasher of {bits} bits")
            expect(hasher.eval()(images).shape == (4, bits), f"its logits are not (images, {bits})")
    with trial.rule("fit", "train the hasher in place, keep the loss finite, and return facts that are JSON") as expect:
        hasher, facts = trained()
        expect(isinstance(json.loads(json.dumps(facts)), dict), "fit returns no dict of JSON facts")
        expect(bool(torch.isfinite(hasher(images)).all()), "the trained hasher's logits are not finite")
        expect(survives(dict(hasher.state_dict())), "its weights do not survive safetensors")
        again = method.build(named("backbones", _TRUNK).build(split.image_size), BITS)
        again.load_state_dict(hasher.state_dict())
        expect(torch.equal(logits(again.eval()), logits(hasher)), "built anew with the same weights it gives other logits")
    with trial.rule("seed", "draw from run.generator; layers start from the generator the core has seeded") as expect:
        expect(torch.equal(logits(trained()[0]), logits(trained()[0])), "two trainings with one seed give different hashers")
    return trial.findings


def backbone_findings(backbone: Backbone) -> list[Finding]:
    """Every rule that a backbone breaks; empty for a sound one. Weights are not loaded."""
    trial = Trial(backbone)
    try_options(trial)
    side = max(32, backbone.smallest)
    with trial.rule("build", "return a hashbench.api.Trunk whose features are (images, width)") as expect:
        with torch.device("meta"):
            trunk = backbone.build(side)
            expect(isinstance(trunk, Trunk), "build gives no Trunk")
            shape = trunk(torch.zeros(2, 3, side, side)).shape
        expect(shape == (2, trunk.width), f"its features are {tuple(shape)}, where its width says (2, {trunk.width})")
    with trial.rule("smallest", "set `smallest` to the least image side the network takes") as expect:
        with torch.device("meta"):
            trunk = backbone.build(backbone.smallest).eval()
            shape = trunk(torch.zeros(2, 3, backbone.smallest, backbone.smallest)).shape
        expect(shape[0] == 2, "images of its smallest side do not pass")
    with trial.rule("meta", "make no tensor on another device than the images'"), torch.device("meta"):
        backbone.build(side).eval()(torch.zeros(1, 3, side, side))
    return trial.findings
