"""Options that name another plugin."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from hashbench.api import UserError
from hashbench.engine.planning.choosing import choose
from hashbench.plugins.configure import configure, spelled_out


def test_a_run_s_preset_holds_for_the_inner_plugin_and_its_own_options_beat_it() -> None:
    quick = configure("hashers", "saat[method=dpsh[rate=0.01]]", "quick").part("method")
    assert (quick.epochs, quick.trunk_rate, quick.rate) == (30, 0.0, 0.01)
    plain = configure("hashers", "saat[method=dpsh[rate=0.01]]").part("method")
    assert (plain.epochs, plain.trunk_rate, plain.rate) == (100, 1.0, 0.01)


@pytest.mark.parametrize(
    "text", ["dpsh", "csq[rate=0.5]", "hswd[method=greedyhash[epochs=3]]", "itq", "jpeg[method=saat[method=dph]]"]
)
@pytest.mark.parametrize("preset", [None, "quick"])
def test_what_is_spelled_out_means_the_same_under_every_preset(text: str, preset: str | None) -> None:
    spelled = spelled_out("hashers", text, preset)
    made = configure("hashers", text, preset)
    assert configure("hashers", spelled) == configure("hashers", spelled, "quick") == made
    assert spelled_out("hashers", spelled, "quick") == spelled


def test_unknown_inner_names_and_options_get_the_nearest() -> None:
    with pytest.raises(UserError, match="dpsh"):
        configure("hashers", "saat[method=dpsg]")
    with pytest.raises(UserError, match="epochs"):
        configure("hashers", "saat[method=dpsh[epoch=3]]")
    for text, says in (
        ("saat[aim=prototype]", "SAAT can't steer to prototype, which learns before it says a code: try centre"),
        ("saat[attack=universal]", "SAAT can't train against universal: give an attack that follows gradients"),
        ("saat[attack=nes]", "SAAT can't train against nes: give an attack that follows gradients"),
        ("saat[attack=autohash]", "SAAT can't train against autohash"),
        ("saat[epsilon=0]", "give an epsilon in"),
        ("saat[batch_size=1]", "a batch_size of at least 2"),
        ("csq[batch_size=0]", "batch_size is 0: give at least 1"),
        ("orthohash[batch_size=1]", "batch_size is 1: give at least 2"),
        ("csq[epochs=-3]", "give epochs and trunk_rate of at least 0"),
        ("dch[gamma=0]", "gamma is 0: give more than 0"),
    ):
        with pytest.raises(UserError, match=says):
            configure("hashers", text)
    with pytest.raises(UserError, match="SAAT can't train a hasher of itq: give a method such as dpsh or csq"):
        configure("hashers", "saat[method=itq]")


def test_a_choice_knows_its_inner_one_as_it_was_asked_for_and_travels() -> None:
    chosen = choose("hashers", "saat[method=csq[rate=0.5],epochs=2]", "quick")
    part = chosen.parts["method"]
    assert part.text == "csq[rate=0.5]" and part.plugin == configure("hashers", "csq[rate=0.5]", "quick")
    assert part.key == choose("hashers", "csq[rate=0.5]", "quick").key
    assert chosen.key["parts"] == {name: part.key for name, part in chosen.parts.items()}
    assert chosen.key["options"].keys().isdisjoint(chosen.parts) and "method" in chosen.parts
    again = pickle.loads(pickle.dumps(chosen))  # noqa: S301 - our own
    assert again.plugin == chosen.plugin and again.key == chosen.key
    assert "parts" not in choose("hashers", "dpsh", "quick").key


def test_however_an_inner_plugin_s_options_are_ordered_it_is_the_one_that_stands_alone() -> None:
    alone = choose("hashers", "dpsh[rate=0.1,epochs=5]", "quick")
    chosen = choose("hashers", "saat[method=dpsh[rate=0.1,epochs=5],epochs=2]", "quick")
    assert chosen.parts["method"] == alone and chosen.text == "saat[epochs=2,method=dpsh[epochs=5,rate=0.1]]"


def test_where_an_inner_plugin_s_file_lies_is_not_said(tmp_path: Path) -> None:
    code = "from hashbench.api import *\nfrom hashbench.plugins import registry\nMine = registry.load('hashers', 'csq')\n"
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(code)
        found.append(choose("hashers", f"jpeg[method={tmp_path / name / 'mine.py'}:Mine[epochs=3],quality=50]", "quick"))
    assert found[0].said == found[1].said == "jpeg[method=mine.py:Mine[epochs=3],quality=50]"
    assert found[0].key == found[1].key
