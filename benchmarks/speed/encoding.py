"""How fast images are hashed against a plain loop: `python benchmarks/speed/encoding.py`.

One process, one thread, CPU seconds, interleaved: plain, fp32, bf16, plain, ... and the median of each. The plain loop is as
releases write it: the hasher's weights ask for gradients, so every batch's graph is kept until its codes are there. The share of
codes' bits that differ from the plain ones is told. Networks have random weights: the time does not depend on them.
"""

from __future__ import annotations

import argparse

from measuring import medians  # isort: skip - sets the thread count, which the others read
import click
import numpy as np
from networks import CPU, hasher_of

from hashbench.api import Run, Split
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.machine.precision import rounding
from hashbench.engine.measuring.plain import hashed
from hashbench.engine.stages.codes import hash_split


def compare(network: str, side: int, batch: int, count: int, rounds: int) -> str:
    """The ratios in a line."""
    hasher = hasher_of(network, side)
    pixels = np.random.default_rng(0).integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    split = Split("random", pixels, np.ones((count, 1), dtype=np.uint8), np.arange(count))
    low, run = lowered(hasher, "bf16"), Run(0, CPU, batch_size=batch)
    works = {
        "plain": lambda: hashed(hasher, split, run),
        "fp32": lambda: hash_split(hasher, split, run, ""),
        "bf16": lambda: hash_split(low, split, run, ""),
    }
    with rounding("fp32"):
        codes = {name: work() for name, work in works.items()}
        seconds = medians(works, rounds)
    ratios = []
    for name in ("fp32", "bf16"):
        other = (codes["plain"] != codes[name]).float().mean().item()
        ratios.append(f"{name} {seconds['plain'] / seconds[name]:.2f}x ({other:.2%} of bits differ)")
    return f"{network} {side} px: plain {seconds['plain']:.2f} s, {', '.join(ratios)}"


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["vgg11", "alexnet", "resnet18"])
    parser.add_argument("--sides", type=int, nargs="+", default=[224, 64], help="of the images, in pixels")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    click.echo(f"{asked.images} images, {asked.batch} at once, the median of {asked.rounds} rounds")
    for network in asked.networks:
        for side in asked.sides:
            click.echo(compare(network, side, asked.batch, asked.images, asked.rounds))


if __name__ == "__main__":
    main()
