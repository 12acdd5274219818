"""What channels last brings a network on a CPU: `python benchmarks/speed/layout.py`.

One process, one thread, CPU seconds, interleaved: the same network with its weights laid out either way, hashing a batch, and
hashing it with the gradient of the images. Networks have random weights: the time does not depend on them.
"""

from __future__ import annotations

import argparse
import copy

from measuring import medians  # isort: skip - sets the thread count, which the others read
import click
import torch
from networks import CPU, hasher_of
from torch import Tensor, nn


def descend(hasher: nn.Module, images: Tensor) -> None:
    """A forward and a backward pass down to the images."""
    images = images.clone().requires_grad_()
    torch.autograd.grad(hasher(images).sum(), images)


def compare(network: str, side: int, batch: int, rounds: int) -> str:
    """The ratios in a line."""
    hasher = hasher_of(network, side)
    layouts = {"contiguous": torch.contiguous_format, "last": torch.channels_last}
    networks = {name: copy.deepcopy(hasher).to(memory_format=layout) for name, layout in layouts.items()}
    images = torch.rand(batch, 3, side, side, generator=torch.Generator(CPU).manual_seed(0))
    works = {f"hash {name}": lambda hasher=hasher: hasher(images) for name, hasher in networks.items()}
    works |= {f"descend {name}": lambda hasher=hasher: descend(hasher, images) for name, hasher in networks.items()}
    seconds = medians(works, rounds)
    ratios = [f"{work} {seconds[f'{work} contiguous'] / seconds[f'{work} last']:.2f}x" for work in ("hash", "descend")]
    return f"{network} {side} px, {batch} images: {', '.join(ratios)}"


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    for network, side, batch in (("convnet", 32, 64), ("resnet18", 64, 16), ("alexnet", 64, 16), ("vgg11", 64, 16)):
        click.echo(compare(network, side, batch, asked.rounds))


if __name__ == "__main__":
    main()
