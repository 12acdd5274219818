"""What presets resolve to, against tables written by hand from the paper and the release."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hashbench.contracts.plugin import options_of
from hashbench.engine.planning.suite_plan import plan_suite
from hashbench.engine.stages.pixels import pixels_of
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.suites.suite import load_suite

ANCHOR = {"members": 9, "replacement": True}
ONCE = {"samples": 1, "starts": 1, "keep": "last", "settled": None, "expects": None}
DHTA = {**ONCE, "steps": 2000, "step_size": 1.0, "rule": "raw", "start": "image", "anneal": "release"}
SIGN = {**ONCE, "rule": "sign", "start": "image"}
PROSGAN = {
    "epochs": 100,
    "batch_size": 24,
    "rate": 1e-4,
    "beta": 0.5,
    "width": 64,
    "decoder_width": 64,
    "halvings": 2,
    "reconstruction": 50.0,
    "hamming": 5.0,
    "slope": 1.0,
    "adversarial": 1.0,
    "categories": True,
    "discriminator_every": 3,
    "min_images": 1,
    "disjoint": False,
    "bounded": "none",
    "widen": 1.0,
    "aim": "prototype[preset=published]",
}
PROTOTYPE = {"steps": 30_000, "batch_size": 64, "rate": 1e-4, "hidden": 4096, "representation": 512, "loss": "likelihood"}
SMALL_GAN = {
    "epochs": 18,
    "width": 8,
    "halvings": 0,
    "rate": 2e-3,
    "reconstruction": 20.0,
    "slope": 0.25,
    "widen": 4.0,
    "min_images": 10,
    "disjoint": True,
    "bounded": "tanh",
    "aim": "prototype",
}
SMALL_PROTOTYPE = {"steps": 600, "batch_size": 64, "rate": 1e-3, "hidden": 512, "representation": 512, "loss": "likelihood"}
FAIR = {"members": 9, "replacement": False}

Row = tuple[dict[str, Any], dict[str, Any]]
PAPER: dict[str, Row] = {
    "noise": ({}, {}),
    "p2p[preset=published]": ({**DHTA, "aim": "p2p[preset=published]"}, {"members": 1, "replacement": True}),
    "dhta[preset=published]": ({**DHTA, "aim": "dhta[preset=published]"}, ANCHOR),
    **{
        f"{name}[preset={preset}]": (
            {**SIGN, "steps": steps, "step_size": size, "anneal": anneal, "aim": "dhta[preset=published]"},
            ANCHOR,
        )
        for name, steps, size in (("fgsm", 1, None), ("ifgsm", 100, 1 / 255))
        for preset, anneal in (("published", "none"), ("release", "release"))
    },
    "prosgan[preset=published]": (PROSGAN, PROTOTYPE),
    "prosgan[hamming=0,preset=published]": ({**PROSGAN, "hamming": 0.0}, PROTOTYPE),
    "prosgan[categories=false,preset=published]": ({**PROSGAN, "categories": False}, PROTOTYPE),
    **{
        f"prosgan[preset=published,reconstruction={weight}]": ({**PROSGAN, "reconstruction": float(weight)}, PROTOTYPE)
        for weight in (25, 50, 100, 200)
    },
}
QUICK: dict[str, Row] = {
    "noise": ({}, {}),
    "p2p": (
        {**SIGN, "steps": 50, "step_size": 1 / 255, "anneal": "tenths", "aim": "p2p"},
        {"members": 1, "replacement": False},
    ),
    "dhta": ({**SIGN, "steps": 50, "step_size": 1 / 255, "anneal": "tenths", "aim": "dhta"}, FAIR),
    "fgsm": ({**SIGN, "steps": 1, "step_size": None, "anneal": "none", "aim": "dhta"}, FAIR),
    "fgsm[anneal=release]": ({**SIGN, "steps": 1, "step_size": None, "anneal": "release", "aim": "dhta"}, FAIR),
    "ifgsm": ({**SIGN, "steps": 50, "step_size": 1 / 255, "anneal": "none", "aim": "dhta"}, FAIR),
    "ifgsm[anneal=release]": ({**SIGN, "steps": 50, "step_size": 1 / 255, "anneal": "release", "aim": "dhta"}, FAIR),
    **{
        f"prosgan[{text}]": ({**PROSGAN, **SMALL_GAN, **changed}, SMALL_PROTOTYPE)
        for text, changed in {
            "epochs=18": {},
            "epochs=18,hamming=0": {"hamming": 0.0},
            "categories=false,epochs=18": {"categories": False},
            "epochs=18,reconstruction=5": {"reconstruction": 5.0},
            "epochs=18,reconstruction=100": {"reconstruction": 100.0},
        }.items()
    },
}


@pytest.mark.parametrize(("preset", "table"), [("paper", PAPER), ("quick", QUICK)])
def test_every_attack_of_the_paper_s_suites_is_what_the_table_says(preset: str, table: dict[str, Row]) -> None:
    found: dict[str, Row] = {}
    for name in load_suite("paper").content.suites:
        for cell in plan_suite(load_suite(name), {"datasets": ("shapes",), "preset": preset}, pixels_of).cells:
            attack, aim = cell.images.attack.attack, cell.images.attack.aim
            found[attack.text] = options_of(attack.plugin), {} if aim is None else options_of(aim.aim.plugin)
    assert found == table


@pytest.mark.parametrize("run_preset", [None, "quick", "paper"])
def test_published_presets_leave_nothing_to_the_run(run_preset: str | None) -> None:
    seen = 0
    for kind in registry.KINDS:
        for name in registry.entries(kind):
            cls = registry.load(kind, name)
            for preset in set(cls.presets) - {"quick"}:
                if preset in ("published", "original", "release", "as-written"):
                    assert set(cls.presets[preset]) == {field.name for field in dataclasses.fields(cls)}, (name, preset)
                assert configure(kind, f"{name}[preset={preset}]", run_preset) == cls(**cls.presets[preset])
                seen += 1
    assert seen >= 15


def test_plain_prosgan_is_bounded_at_every_size_and_the_papers_weight_has_a_name() -> None:
    for run_preset in ("quick", "paper"):
        assert configure("attacks", "prosgan", run_preset).bounded == "tanh"
    assert options_of(configure("attacks", "prosgan[preset=as-written]")) == {**PROSGAN, "reconstruction": None, "hamming": 1.0}


def test_the_original_dhta_has_its_step_in_pixels_and_says_which_budget_it_is_for() -> None:
    from hashbench.api import Budget

    original = configure("attacks", "dhta[preset=original]")
    assert options_of(original) == {**DHTA, "rule": "l2", "step_size": 0.226, "expects": 0.00723, "aim": "dhta[preset=original]"}
    assert original.remark(Budget(0.0072)) == "" == configure("attacks", "dhta").remark(Budget(4 / 255))
    assert "give --epsilon 0.0072" in original.remark(Budget())
