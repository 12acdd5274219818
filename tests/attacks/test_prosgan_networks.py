"""ProS-GAN's networks and defaults at the paper's sizes."""

from __future__ import annotations

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from helpers import CPU, sibling

from hashbench.api import UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins.configure import configure

module = partial(sibling, "attacks", "prosgan")
prototype = sibling("aims", "prototype", "prototype")


def parameters(net: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_parameter_counts_are_the_papers() -> None:
    with torch.device("meta"):
        assert parameters(prototype.PrototypeNet(21, 32)) == 2_214_965
        generator = module("generator").Generator(512, 224)
        assert parameters(generator) == 21_454_121
        assert parameters(generator.decoder) == 13_044_440
        images = torch.zeros(2, 3, 224, 224)
        assert generator(torch.zeros(2, 512), images).shape == images.shape
    assert parameters(module("discriminator").Discriminator(21, 224)) == 12_250_048


@pytest.mark.parametrize("halvings", [0, 1, 2, 3])
def test_the_generator_gives_back_the_images_shape_at_any_depth(halvings: int) -> None:
    with torch.device("meta"):
        generator = module("generator").Generator(16, 32, 8, 8, halvings)
        images = torch.zeros(2, 3, 32, 32)
        assert generator(torch.zeros(2, 16), images).shape == images.shape
    blocks = [block for block in generator.modules() if type(block).__name__ == "ResidualBlock"]
    assert len(blocks) == 6 and blocks[0].body[0].in_channels == 8 * 2**halvings


def test_halvings_out_of_range_are_refused() -> None:
    with pytest.raises(UserError, match="halvings is 7: give 0 to 5"):
        configure("attacks", "prosgan[halvings=7]")


def test_the_defaults_are_the_papers() -> None:
    attack = configure("attacks", "prosgan[preset=published]", None).resolve("nuswide")
    assert (attack.epochs, attack.batch_size, attack.rate, attack.width, attack.halvings, attack.bounded) == (
        100,
        24,
        1e-4,
        64,
        2,
        "none",
    )
    assert (attack.reconstruction, attack.hamming, attack.adversarial, attack.discriminator_every) == (50.0, 5.0, 1.0, 3)
    assert configure("attacks", "prosgan[preset=published]").resolve("flickr25k").reconstruction == 100.0
    weights = [configure("attacks", "ttagan").resolve(name).reconstruction for name in ("nuswide", "flickr25k", "shapes")]
    assert weights == [25.0, 50.0, 50.0], "TTA-GAN's own, on [-1, 1]"
    aim = configure("aims", "prototype")
    assert (aim.steps, aim.batch_size, aim.rate, aim.hidden, aim.representation) == (30_000, 64, 1e-4, 4096, 512)


def test_the_discriminator_learns_to_tell_fakes() -> None:
    with seeded(0, CPU):
        discriminator = module("discriminator").Discriminator(2, 32, 8)
    optimiser = torch.optim.Adam(discriminator.parameters(), 2e-3)
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.rand(8, 3, 32, 32, generator=rng), torch.rand(8, 3, 32, 32, generator=rng) * 0.2
    labels = torch.eye(2).repeat(4, 1)
    for _ in range(60):
        loss = module("losses").adversarial_loss(discriminator(real), labels, 0.0) + module("losses").adversarial_loss(
            discriminator(fake), labels, 1.0
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert F.relu(discriminator(fake)[:, -1].mean() - discriminator(real)[:, -1].mean()) > 0.3
    assert discriminator(real[:1]).shape == (1, 3)
