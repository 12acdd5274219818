"""ProS-GAN's networks at the paper's sizes, its losses and its training."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers import CPU, goal_of, linear_hasher, small_split, small_victim

from hashbench.api import Budget, FittedAim, Run, UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure


def module(name: str) -> object:
    """A module of the plugin, found through the registry as a user's attack would be."""
    package = registry.load("attacks", "prosgan").__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.{name}" if name else package)


def aims_module() -> object:
    return importlib.import_module(registry.load("aims", "prototype").__module__)


def parameters(net: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_parameter_counts_are_the_papers() -> None:
    with torch.device("meta"):
        assert parameters(aims_module().PrototypeNet(21, 32)) == 2_214_965
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
    aim = configure("aims", "prototype")
    assert (aim.steps, aim.batch_size, aim.rate, aim.hidden, aim.representation) == (30_000, 64, 1e-4, 4096, 512)


def test_rate_is_constant_to_the_half_then_falls_to_one_51st() -> None:
    factor = module("training").rate_factor
    assert [factor(epoch, 100) for epoch in (1, 50)] == [1, 1]
    assert factor(51, 100) == pytest.approx(50 / 51) and factor(100, 100) == pytest.approx(1 / 51)


def test_losses_equal_their_formulas() -> None:
    rng = torch.Generator().manual_seed(0)
    losses = module("losses")
    u, h = torch.rand(5, 8, generator=rng) * 2 - 1, torch.where(torch.rand(5, 8, generator=rng) < 0.5, -1.0, 1.0)
    assert float(losses.hamming_loss(u, h)) == pytest.approx(1 - float((u * h).sum()) / 40)
    assert float(losses.hamming_loss(h, h)) == 0 and float(losses.hamming_loss(-h, h)) == 2
    scores, labels = torch.rand(5, 4, generator=rng), torch.eye(5)[:, :3]
    wanted = torch.cat([labels, torch.ones(5, 1)], 1)
    assert float(losses.adversarial_loss(scores, labels, 1.0)) == pytest.approx(float(((scores - wanted) ** 2).sum() / 20))


def test_prototype_loss_equals_a_transcription_in_float64() -> None:
    rng = torch.Generator().manual_seed(0)
    batch, rows, bits, classes = 6, 9, 5, 4
    codes, bank = (
        torch.rand(batch, bits, generator=rng).double() * 2 - 1,
        torch.where(torch.rand(rows, bits, generator=rng) < 0.5, -1.0, 1.0).double(),
    )
    predicted, labels = (
        torch.rand(batch, classes, generator=rng).double(),
        (torch.rand(batch, classes, generator=rng) < 0.5).double(),
    )
    similar = (torch.rand(batch, rows, generator=rng) < 0.5).double()
    j1 = j2 = j3 = 0.0
    for i in range(batch):
        for j in range(rows):
            theta = float(codes[i] @ bank[j]) / 2
            j1 -= (float(similar[i, j]) * theta - np.log1p(np.exp(theta))) / (rows * batch)
        j2 += sum((np.sign(float(c)) - float(c)) ** 2 for c in codes[i]) / (1e4 * batch)
        j3 += sum((float(p) - float(y)) ** 2 for p, y in zip(predicted[i], labels[i], strict=True)) / (batch * classes)
    assert float(aims_module().prototype_loss(codes, predicted, labels, bank, similar)) == pytest.approx(j1 + j2 + j3, abs=1e-12)


@pytest.mark.parametrize("mode", ["tanh", "project"])
def test_bounded_forms_stay_in_the_ball_and_published_is_the_output(mode: str) -> None:
    rng = torch.Generator().manual_seed(0)
    bound = module("training").bound
    output, images = torch.rand(2, 3, 8, 8, generator=rng) * 2 - 1, torch.rand(2, 3, 8, 8, generator=rng) * 2 - 1
    change = bound(output, images, mode, 8 / 255) - images
    assert change.abs().max() <= 16 / 255 + 1e-6
    assert torch.equal(bound(output, images, "none", 8 / 255), output)


def fitted(text: str, seed: int = 0) -> tuple[object, dict[str, torch.Tensor], object, object]:
    split = small_split(side=32)
    hasher = linear_hasher(side=32)
    attack = configure("attacks", text)
    aim = configure("aims", "prototype[steps=40,hidden=32,representation=16,rate=0.01]")
    view = small_victim(hasher, split)
    with seeded(seed, CPU):
        aimed = FittedAim(aim, aim.fit(view, split, Run(seed, CPU)))
        state = attack.fit(view, split, aimed, Budget(), Run(seed, CPU))
    return attack, state, view, split


def test_training_steers_codes_to_the_prototypes_within_the_budget() -> None:
    attack, state, view, split = fitted("prosgan[epochs=30,width=8,decoder_width=8,rate=0.002,reconstruction=1]")
    goal = goal_of(split)
    images = split.images(np.arange(4), CPU)
    prototype = registry.load("aims", "prototype")
    aim_state = {k.removeprefix("prototype."): v for k, v in state.items() if k.startswith("prototype.")}
    codes = torch.where(prototype.network(aim_state)(goal.target_labels)[1] >= 0, 1.0, -1.0)
    adversarial = attack.perturb(view, state, images, goal, codes, Budget(), Run(0, CPU))
    assert (adversarial - images).abs().max() <= 8 / 255 + 1e-6
    before, after = ((view.codes(x) == codes).float().mean() for x in (images, adversarial))
    assert after > before + 0.1


def test_without_the_hamming_loss_the_hasher_is_not_called() -> None:
    _, _, view, _ = fitted("prosgan[epochs=1,width=8,decoder_width=8,hamming=0]")
    assert view.forwards == 0 and view.backwards == 0


def test_targets_in_training_come_from_the_pool_uniformly_and_apart_from_the_images_labels() -> None:
    targets = importlib.import_module(".targets", aims_module().__package__)
    labels = torch.tensor([[1.0, 0, 0]] * 3 + [[0.0, 1, 0]] * 2 + [[0.0, 1, 1]])
    assert targets.target_pool(labels, 1).tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 0]]
    assert targets.target_pool(labels, 2).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert len(targets.target_pool(labels, 99)) == 3
    pool, own = targets.target_pool(labels, 1), torch.tensor([[1.0, 0, 0]] * 900 + [[1.0, 1, 1]] * 900)
    drawn = targets.draw_disjoint_targets(pool, own, torch.Generator().manual_seed(0))
    _, apart = torch.unique(drawn[:900], dim=0, return_counts=True)
    _, rest = torch.unique(drawn[900:], dim=0, return_counts=True)
    assert (drawn[:900] * own[:900]).sum() == 0
    assert len(apart) == 2 and apart.min() > 380
    assert len(rest) == 3 and rest.min() > 230
    overlapping = targets.draw_targets(pool, 900, torch.Generator().manual_seed(0))
    assert (overlapping * own[:900]).sum() > 0


def test_a_disjoint_target_is_never_the_label_vector_without_classes() -> None:
    targets = importlib.import_module(".targets", aims_module().__package__)
    pool = torch.tensor([[0.0, 0, 0], [0.0, 1, 0], [1.0, 0, 0]])
    drawn = targets.draw_disjoint_targets(pool, torch.tensor([[1.0, 0, 0]] * 200), torch.Generator().manual_seed(0))
    assert (drawn == torch.tensor([0.0, 1, 0])).all()


def test_another_aim_or_size_is_a_sentence() -> None:
    attack = configure("attacks", "prosgan")
    split = small_split(side=8)
    other = FittedAim(configure("aims", "dhta"), {})
    with pytest.raises(UserError, match="needs the aim prototype"):
        attack.fit(small_victim(linear_hasher(), split), split, other, Budget(), Run(0, CPU))
    with pytest.raises(UserError, match="divisible by 32"):
        fitted = FittedAim(configure("aims", "prototype"), aims_module().PrototypeNet(4, 8, 8, 8).state_dict())
        attack.fit(small_victim(linear_hasher(), split), split, fitted, Budget(), Run(0, CPU))


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


def test_without_the_hamming_loss_the_hasher_is_not_called_while_training() -> None:
    calls = []
    for hamming in (0, 5):
        split, hasher = small_split(side=32), linear_hasher(side=32)
        view = small_victim(hasher, split)
        aim = configure("aims", "prototype[steps=5,hidden=32,representation=16]")
        with seeded(0, CPU):
            aimed = FittedAim(aim, aim.fit(view, split, Run(0, CPU)))
            before = view.forwards
            attack = configure("attacks", f"prosgan[epochs=2,width=8,decoder_width=8,hamming={hamming}]")
            attack.fit(view, split, aimed, Budget(), Run(0, CPU))
        calls.append((view.forwards - before, view.backwards))
    assert calls == [(0, 0), (48, 48)]


def test_without_categories_the_discriminator_judges_real_or_fake_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    widths = []
    made = module("discriminator").Discriminator.forward

    def spy(self: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
        scores = made(self, images)
        widths.append(scores.shape[1])
        return scores

    monkeypatch.setattr(module("discriminator").Discriminator, "forward", spy)
    _, state, _, split = fitted("prosgan[epochs=1,width=8,decoder_width=8,categories=false]")
    assert set(widths) == {1}
    _, other, _, _ = fitted("prosgan[epochs=1,width=8,decoder_width=8]")
    assert widths[-1] == split.labels.shape[1] + 1
    assert {name: tensor.shape for name, tensor in state.items()} == {name: tensor.shape for name, tensor in other.items()}


def test_a_budget_that_begins_wider_ends_as_its_own() -> None:
    training: Any = module("training")
    assert [training.widening(done, 4.0) for done in (0.0, 0.3, 0.6, 0.99)] == [4.0, pytest.approx(2.5), 1.0, 1.0]
    assert training.widening(0.0, 1.0) == 1.0
    seen: list[float] = []
    step = training.Trainer.step

    def spied(self: Any, *given: Any) -> torch.Tensor:
        seen.append(self.epsilon)
        loss: torch.Tensor = step(self, *given)
        return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Trainer, "step", spied)
        attack, state, view, split = fitted("prosgan[epochs=2,batch_size=6,width=8,decoder_width=8,widen=3]")
    assert seen == pytest.approx([8 / 255 * (3 - 2 * done / 0.6) for done in (0, 1 / 8, 2 / 8, 3 / 8, 4 / 8)] + [8 / 255] * 3)
    images = split.images(np.arange(4), CPU)
    adversarial = attack.perturb(view, state, images, goal_of(split), None, Budget(), Run(0, CPU))
    assert (adversarial - images).abs().max() <= 8 / 255 + 1e-6


@pytest.mark.parametrize("options", ["widen=0.5", "widen=2,bounded=none", "preset=published,widen=2"])
def test_a_budget_that_can_not_begin_wider_is_refused(options: str) -> None:
    with pytest.raises(UserError, match="give 1 or more, and 1 with bounded=none"):
        configure("attacks", f"prosgan[{options}]")
