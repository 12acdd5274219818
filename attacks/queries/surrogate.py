"""A surrogate of a hasher, trained on the answers of a search engine alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import Answers, Run, Search, Split, State, Victim

_WIDTH, _BATCH, _PLACES = 32, 64, 32
Loss = Callable[[Tensor, Tensor], Tensor]
"""Of outputs (B, K) for answered images (B,)."""


class Surrogate(nn.Module):
    """Four convolutions and a linear layer: images (B, 3, h, w) in [0, 1] -> (B, K) in (-1, 1)."""

    def __init__(self, bits: int, width: int = _WIDTH) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, width), (width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.AvgPool2d(2, ceil_mode=True)]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.head = nn.Linear(16 * width, bits)

    def forward(self, images: Tensor) -> Tensor:
        codes: Tensor = torch.tanh(self.head(self.features(2 * images - 1)))
        return codes

    @classmethod
    def of(cls, state: State) -> Surrogate:
        """The trained one of a state, frozen."""
        with torch.device("meta"):
            net = cls(state["head.weight"].shape[0])
        net.load_state_dict(dict(state), assign=True)
        return net.eval().requires_grad_(False)


def learned(victim: Victim, data: Split, answer: str, questions: int, epochs: int, run: Run) -> dict[str, Tensor]:
    """The weights of a surrogate that was trained on answers about `questions` images of `data`, mirrored the second time round."""
    assert isinstance(victim, Search)
    images, answers = _asked(victim, data, questions, run)
    with torch.device(run.device):
        net = Surrogate(victim.bits)
    loss, own = _loss_of(answer, answers, victim.bits, run)
    optimiser = torch.optim.AdamW([*net.parameters(), *own], 3e-3)
    steps = -(-len(images) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=epochs * steps)
    table = nn.ParameterList(own)
    left = run.resumable(epochs, net=net, table=table, optimiser=optimiser, schedule=schedule)
    for _ in run.track(left, "training the surrogate", len(left)):
        for rows in torch.randperm(len(images), generator=run.generator).split(_BATCH):
            some = rows.to(run.device, non_blocking=True)
            optimiser.zero_grad()
            loss(net(images[some]), some).backward()
            optimiser.step()
            schedule.step()
    return net.eval().state_dict()


def wanted(net: Surrogate, images: Tensor, examples: tuple[Tensor, ...]) -> Tensor:
    """(B, K) what the surrogate's outputs are steered to: the mean of the examples' own, or the opposite of the images'."""
    with torch.no_grad():
        if not examples:
            return -net(images)
        return torch.stack([net(of).mean(0) for of in examples])


def _asked(victim: Search, data: Split, questions: int, run: Run) -> tuple[Tensor, Answers]:
    count = min(questions, victim.left(0), 2 * len(data))
    order = torch.randperm(len(data), generator=run.generator)
    places = torch.cat([order, order])[:count]
    made, answers = [], []
    for start in range(0, count, run.batch_size):
        images = data.images(places[start : start + run.batch_size].numpy(), run.device)
        mirrored = torch.arange(start, start + len(images), device=run.device) >= len(data)
        made.append(torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images))
        answers.append(victim.ask(made[-1], [0] * len(images)))
    return torch.cat(made), Answers(*(_joined([getattr(one, name) for one in answers]) for name in ("codes", "ids", "distances")))


def _joined(parts: list[Any]) -> Tensor | None:
    return None if parts[0] is None else torch.cat(parts)


def _loss_of(answer: str, answers: Answers, bits: int, run: Run) -> tuple[Loss, list[nn.Parameter]]:
    """What is lowered, and what is learned beside the network: a point for every id that was seen, whose image is not known."""
    if answers.codes is not None:
        codes = answers.codes
        return lambda outputs, rows: -(outputs * codes[rows]).mean(), []
    assert answers.ids is not None
    seen, places = torch.unique(answers.ids, return_inverse=True)
    points = nn.Parameter(0.1 * torch.randn(len(seen), bits, generator=run.generator).to(run.device))

    def near(outputs: Tensor, at: Tensor) -> Tensor:
        return torch.einsum("bk,bpk->bp", outputs, torch.tanh(points[at])) / bits

    def drawn(count: int, below: int) -> Tensor:
        return torch.randint(below, (count, _PLACES), generator=run.generator).to(run.device)

    def by_distance(outputs: Tensor, rows: Tensor) -> Tensor:
        assert answers.distances is not None
        chosen = drawn(len(rows), places.shape[1])
        at, distances = places[rows].gather(1, chosen), answers.distances[rows].gather(1, chosen)
        return (near(outputs, at) - (1 - 2 * distances / bits)).square().mean()

    def by_place(outputs: Tensor, rows: Tensor) -> Tensor:
        listed = places[rows].gather(1, drawn(len(rows), places.shape[1]))
        others = drawn(len(rows), len(seen))
        return F.softplus(4 * (near(outputs, others) - near(outputs, listed))).mean()

    return (by_distance if answer == "distances" else by_place), [points]
