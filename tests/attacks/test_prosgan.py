"""ProS-GAN's training: where it steers, what it asks of the hasher, its targets and its budget."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, sibling, small_split, small_victim

from hashbench.api import Budget, FittedAim, Run, UserError
from hashbench.engine.machine.seeds import seeded
from hashbench.plugins import registry
from hashbench.plugins.configure import configure

module = partial(sibling, "attacks", "prosgan")
prototype = sibling("aims", "prototype", "prototype")


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
    method = registry.load("aims", "prototype")
    aim_state = {k.removeprefix("prototype."): v for k, v in state.items() if k.startswith("prototype.")}
    codes = torch.where(method.network(aim_state)(goal.target_labels)[1] >= 0, 1.0, -1.0)
    adversarial = attack.perturb(view, state, images, goal, codes, Budget(), Run(0, CPU))
    assert (adversarial - images).abs().max() <= 8 / 255 + 1e-6
    before, after = ((view.codes(x) == codes).float().mean() for x in (images, adversarial))
    assert after > before + 0.1


def test_without_the_hamming_loss_the_hasher_is_not_called() -> None:
    _, _, view, _ = fitted("prosgan[epochs=1,width=8,decoder_width=8,hamming=0]")
    assert view.forwards == 0 and view.backwards == 0


def test_targets_in_training_come_from_the_pool_uniformly_and_apart_from_the_images_labels() -> None:
    targets = sibling("aims", "prototype", "targets")
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
    targets = sibling("aims", "prototype", "targets")
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
        fitted = FittedAim(configure("aims", "prototype"), prototype.PrototypeNet(4, 8, 8, 8).state_dict())
        attack.fit(small_victim(linear_hasher(), split), split, fitted, Budget(), Run(0, CPU))


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
