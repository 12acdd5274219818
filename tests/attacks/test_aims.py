"""Aim codes against brute force."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd
import pytest
import torch
from helpers import CPU, TINY, hashbench, linear_hasher

from hashbench.api import Goal, LabelledCodes, Run, UserError, Victim
from hashbench.plugins.configure import configure


def anchor_setup(per_class: int) -> tuple[Victim, Goal, LabelledCodes]:
    rng = torch.Generator().manual_seed(0)
    labels = torch.eye(3).repeat(per_class, 1)
    reference = LabelledCodes(torch.where(torch.rand(len(labels), 6, generator=rng) < 0.5, -1.0, 1.0), labels)
    view = Victim(linear_hasher(6), "gradients", {"database": lambda: reference})
    return view, Goal(torch.eye(3), torch.eye(3).roll(1, 1), (0, 1, 2)), reference


@pytest.mark.parametrize(("aim", "members"), [("p2p", 1), ("dhta", 9), ("dhta[members=5]", 5)])
def test_codes_minimise_the_distance_to_their_members(aim: str, members: int) -> None:
    """With as many images as members, the anchor is the code nearest to all of them, by brute force over 2^6 codes."""
    view, goal, reference = anchor_setup(members)
    codes = configure("aims", aim).codes(view, {}, torch.zeros(3, 3, 8, 8), goal, Run(0, CPU))
    every = torch.tensor(list(product([-1.0, 1.0], repeat=6)))
    for i in range(3):
        drawn = reference.codes[(reference.labels == goal.target_labels[i]).all(1)]
        best = every[(every @ drawn.T).sum(1).argmax()]
        assert torch.equal(codes[i], best)


def test_anchors_are_drawn_without_replacement_among_exact_label_matches() -> None:
    view, goal, reference = anchor_setup(30)
    codes = configure("aims", "p2p").codes(view, {}, torch.zeros(3, 3, 8, 8), goal, Run(0, CPU))
    for i in range(3):
        assert (reference.codes[(reference.labels == goal.target_labels[i]).all(1)] == codes[i]).all(1).any()
    draw = configure("aims", "dhta")._draw(9, torch.Generator().manual_seed(0))
    assert sorted(draw.tolist()) == list(range(9))
    assert configure("aims", "dhta[preset=published]").replacement


def test_fewer_images_than_members_leave_no_bit_tied() -> None:
    view, goal, _ = anchor_setup(4)
    codes = configure("aims", "dhta").codes(view, {}, torch.zeros(3, 3, 8, 8), goal, Run(0, CPU))
    assert set(codes.unique().tolist()) == {-1.0, 1.0}


def test_a_target_without_images_is_a_sentence() -> None:
    view, _, _ = anchor_setup(3)
    with pytest.raises(UserError, match="query 7: no database image"):
        goal = Goal(torch.zeros(1, 3), torch.ones(1, 3), (7,))
        configure("aims", "dhta").codes(view, {}, torch.zeros(1, 3, 8, 8), goal, Run(0, CPU))


def test_even_members_are_refused() -> None:
    with pytest.raises(UserError, match="odd"):
        configure("aims", "dhta[members=4]")


def test_aims_with_the_same_options_draw_the_same_anchors_however_they_are_written(tmp_path: Path) -> None:
    attacks = "fgsm[aim=dhta[members=9]],ifgsm[steps=1],dhta[steps=1],dhta[steps=1,aim=dhta[replacement=true]]"
    done = hashbench("run", "--attack", attacks, *TINY, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "results.csv")
    aims = table[table.metric == "t_map_aim"].set_index("attack").value
    assert aims["fgsm[aim=dhta[members=9]]"] == aims["ifgsm[steps=1]"] == aims["dhta[steps=1]"]
    assert aims["dhta[aim=dhta[replacement=true],steps=1]"] != aims["dhta[steps=1]"]


@pytest.mark.parametrize("aim", ["centre", "mainstay", "neighbours"])
@pytest.mark.parametrize("away", [False, True])
def test_closed_forms_are_their_definitions(aim: str, away: bool) -> None:
    """By loops over images: CgAT's difference of means; SAAT's with cosine weights, normalised to a sum of 1; SDHA's near mean."""
    generator = torch.Generator().manual_seed(0)
    labels = (torch.rand(30, 4, generator=generator) < 0.4).float()
    bank = torch.where(torch.rand(30, 6, generator=generator) < 0.5, -1.0, 1.0)
    view = Victim(linear_hasher(6), "gradients", {"train": lambda: LabelledCodes(bank, labels)})
    wanted = torch.tensor([[1.0, 0, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0]])
    none = torch.zeros_like(wanted)
    goal = Goal(wanted, none, (0, 1, 2)) if away else Goal(none, wanted, (0, 1, 2))
    plugin = configure("aims", f"{aim}[away={str(away).lower()}]")
    assert plugin.targeted is not away
    codes = plugin.codes(view, {}, torch.zeros(3, 3, 8, 8), goal, Run(0, CPU))
    for label, code in zip(wanted, codes, strict=True):
        near, far = [], []
        for row, one in zip(labels, bank, strict=True):
            shared = float(row @ label)
            weight = 1.0 if aim != "mainstay" else shared / float(row.norm() * label.norm()) if shared else 0.0
            (near if shared else far).append((weight if shared else 1.0, one))
        means = [sum(w * one for w, one in side) / sum(w for w, _ in side) if side else torch.zeros(6) for side in (near, far)]
        if aim == "neighbours":
            means[1] = torch.zeros(6)
        expected = torch.where(means[0] - means[1] >= 0, 1.0, -1.0)
        assert torch.equal(code, -expected if away else expected)
