"""How fast iterative attacks are against a plain loop: `python benchmarks/speed/attacks.py`.

One process, one thread, CPU seconds, interleaved: plain, fp32, bf16, plain, ... and the median of each. The plain loop is as
releases write it: the perturbation is a leaf, the hasher's weights ask for gradients too, one `backward` a step. In fp32 the
images are compared bit for bit. Networks have random weights: the time does not depend on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from measuring import medians  # isort: skip - sets the thread count, which the others read
import click
import torch
from networks import CPU, hasher_of
from torch import Tensor

from hashbench.api import Budget, Goal, Hasher, Iterative, Run, Victim
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.machine.precision import rounding
from hashbench.engine.machine.seeds import seeded
from hashbench.engine.measuring.plain import perturbed
from hashbench.plugins.configure import configure

BUDGET = Budget(8 / 255)


def ours(hasher: Hasher, attack: Iterative, images: Tensor, codes: Tensor) -> Tensor:
    """The template."""
    labels = torch.zeros(len(images), 1)
    goal = Goal(labels, labels, tuple(range(len(images))))
    victim = Victim(hasher, "gradients")
    return attack.perturb(victim, {}, images, goal, codes, BUDGET, Run(0, images.device))


def compare(hasher: Hasher, name: str, side: int, batch: int, steps: int, rounds: int) -> str:
    """The ratios in a line."""
    with seeded(0, CPU):
        images, codes = torch.rand(batch, 3, side, side), torch.rand(batch, 32).sub(0.5).sign()
    attack, low = configure("attacks", f"{name}[steps={steps}]"), lowered(hasher, "bf16")
    works: dict[str, Callable[[], Tensor]] = {
        "plain": lambda: perturbed(hasher, attack, images, codes, BUDGET),
        "fp32": lambda: ours(hasher, attack, images, codes),
        "bf16": lambda: ours(low, attack, images, codes),
    }
    with rounding("fp32"):
        equal = torch.equal(works["plain"](), works["fp32"]())
        works["bf16"]()
        seconds = medians(works, rounds)
    ratios = ", ".join(f"{kind} {seconds['plain'] / seconds[kind]:.2f}x" for kind in ("fp32", "bf16"))
    return f"{name}: plain {seconds['plain']:.2f} s, {ratios}; fp32 has {'the same bits' if equal else 'OTHER BITS'}"


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["vgg11", "alexnet", "resnet18"])
    parser.add_argument("--sides", type=int, nargs="+", default=[224, 64], help="of the images, in pixels")
    parser.add_argument("--attacks", nargs="+", default=["ifgsm", "dhta"])
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    click.echo(f"{asked.steps} steps on {asked.batch} images, the median of {asked.rounds} rounds")
    for network in asked.networks:
        for side in asked.sides:
            hasher = hasher_of(network, side)
            for name in asked.attacks:
                click.echo(f"{network} {side} px {compare(hasher, name, side, asked.batch, asked.steps, asked.rounds)}")


if __name__ == "__main__":
    main()
