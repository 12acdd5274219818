"""Options that name another plugin."""

from __future__ import annotations

import pickle

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
    with pytest.raises(UserError, match="SAAT needs a method that is trained by a loss of batches, and itq is not: try dpsh"):
        configure("hashers", "saat[method=itq]")


def test_a_choice_knows_its_inner_one_as_it_was_asked_for_and_travels() -> None:
    chosen = choose("hashers", "saat[method=csq[rate=0.5],epochs=2]", "quick")
    part = chosen.parts["method"]
    assert part.text == "csq[rate=0.5]" and part.plugin == configure("hashers", "csq[rate=0.5]", "quick")
    assert part.key == choose("hashers", "csq[rate=0.5]", "quick").key
    assert chosen.key["parts"] == {name: part.key for name, part in chosen.parts.items()}
    again = pickle.loads(pickle.dumps(chosen))  # noqa: S301 - our own
    assert again.plugin == chosen.plugin and again.key == chosen.key
    assert "parts" not in choose("hashers", "dpsh", "quick").key
