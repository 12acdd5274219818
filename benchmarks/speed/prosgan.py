"""How fast ProS-GAN's training step is against a plain one: `python benchmarks/speed/prosgan.py`.

One process, one thread, CPU seconds, interleaved: plain, fp32, bf16, plain, ... and the median of each. A round is as many steps
as the discriminator waits for, so that it is updated once. The plain step is written as a first version would be: no weight is
frozen, so the hasher and, in the generator's turn, the discriminator gather gradients that nobody asks for. Networks have random
weights; the losses of a round from the same start are compared.
"""

from __future__ import annotations

import argparse
import copy
import importlib
from collections.abc import Callable, Iterator

from measuring import medians  # isort: skip - sets the thread count, which the others read
import click
import torch
from networks import CPU, hasher_of
from torch import Tensor, nn

from hashbench.api import Hasher
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.machine.precision import rounding
from hashbench.engine.machine.seeds import seeded

REPRESENTED, CLASSES, BITS, EVERY, EPSILON = 512, 20, 32, 3, 8 / 255
generators, discriminators, losses, training = (
    importlib.import_module(f"hashbench.attacks.prosgan.{part}") for part in ("generator", "discriminator", "losses", "training")
)
Batch = tuple[Tensor, Tensor, Tensor]
"""Images, labels and targets."""


def condition(targets: Tensor) -> tuple[Tensor, Tensor]:
    """What a PrototypeNet would say: any numbers, the same for the same targets."""
    return targets.repeat(1, -(-REPRESENTED // CLASSES))[:, :REPRESENTED], targets.repeat(1, 2)[:, :BITS] * 2 - 1


def trainer(networks: tuple[nn.Module, nn.Module], hasher: Hasher, low: bool) -> object:
    """Ours, on copies of the networks."""
    generator, discriminator = copy.deepcopy(networks)

    def hashing(images: Tensor, codes: Tensor, targets: Tensor) -> Tensor:
        loss: Tensor = losses.hamming_loss(torch.tanh(hasher(images)), codes)
        return loss

    def cast() -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=low, cache_enabled=False)

    weights = training.Weights(50.0, 5.0, 1.0)
    optimisers = [torch.optim.Adam(part.parameters(), lr=1e-4, betas=(0.5, 0.999)) for part in (generator, discriminator)]
    return training.Trainer(generator, discriminator, condition, hashing, weights, "tanh", EPSILON, *optimisers, cast)


def ours(trained: object, batches: list[Batch]) -> list[float]:
    """Losses of the generator in a round of the trainer's steps."""
    return [float(trained.step(*batch, i == 0)) for i, batch in enumerate(batches)]  # type: ignore[attr-defined]


def plain(networks: tuple[nn.Module, nn.Module], hasher: Hasher) -> Callable[[list[Batch]], list[float]]:
    """A round of plain steps, on copies of the networks."""
    generator, discriminator = copy.deepcopy(networks)
    first, second = (torch.optim.Adam(part.parameters(), lr=1e-4, betas=(0.5, 0.999)) for part in (generator, discriminator))

    def steps(batches: list[Batch]) -> Iterator[float]:
        for i, (pixels, labels, targets) in enumerate(batches):
            images = 2 * pixels - 1
            represented, codes = condition(targets)
            fakes = (images + 2 * EPSILON * generator(represented, images)).clamp(-1, 1)
            if i == 0:
                real = losses.adversarial_loss(discriminator(images), labels, 0.0)
                second.zero_grad()
                torch.autograd.backward((real + losses.adversarial_loss(discriminator(fakes.detach()), targets, 1.0)) / 2)
                second.step()
            loss = 50.0 * losses.reconstruction_loss(fakes, images)
            loss = loss + 5.0 * losses.hamming_loss(torch.tanh(hasher((fakes + 1) / 2)), codes)
            loss = loss + losses.adversarial_loss(discriminator(fakes), targets, 0.0)
            first.zero_grad()
            hasher.zero_grad()
            torch.autograd.backward(loss)
            first.step()
            yield float(loss.detach())

    return lambda batches: list(steps(batches))


def compare(network: str, side: int, width: int, batch: int, rounds: int) -> str:
    """The ratios in a line."""
    frozen = hasher_of(network, side)
    with seeded(0, CPU):
        networks = generators.Generator(REPRESENTED, side, width, width), discriminators.Discriminator(CLASSES, side, width)
        labels = torch.eye(CLASSES)[torch.randint(CLASSES, (2, EVERY, batch))]
        batches = [(torch.rand(batch, 3, side, side), *labels[:, i]) for i in range(EVERY)]
    written = plain(networks, hasher_of(network, side).requires_grad_(True))
    exact, low = trainer(networks, frozen, low=False), trainer(networks, lowered(frozen, "bf16"), low=True)
    works = {"plain": lambda: written(batches), "fp32": lambda: ours(exact, batches), "bf16": lambda: ours(low, batches)}
    with rounding("fp32"):
        first = {name: work() for name, work in works.items()}
        seconds = medians(works, rounds)
    off = {name: max(abs(a - b) for a, b in zip(first["plain"], first[name], strict=True)) for name in ("fp32", "bf16")}
    ratios = ", ".join(f"{name} {seconds['plain'] / seconds[name]:.2f}x (losses differ by {off[name]:.1e})" for name in off)
    return f"{network}: plain {seconds['plain'] / EVERY:.2f} s a step, {ratios}"


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["vgg11", "alexnet", "resnet18"], help="the hasher's")
    parser.add_argument("--side", type=int, default=224, help="of the images, in pixels")
    parser.add_argument("--width", type=int, default=64, help="of the generator and the discriminator")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    click.echo(f"{asked.batch} images of {asked.side} px, width {asked.width}, the median of {asked.rounds} rounds")
    for network in asked.networks:
        click.echo(compare(network, asked.side, asked.width, asked.batch, asked.rounds))


if __name__ == "__main__":
    main()
