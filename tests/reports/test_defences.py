"""The table of defences: which hasher each stands beside, and what it says of claims."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from helpers import sibling

from hashbench.api import CellResult, Results, ShowRow
from hashbench.plugins.configure import configure
from hashbench.results.cell import Flag, Measured

ROWS = [ShowRow(label="clean", metric="map_clean"), ShowRow(label="led away", attack="ifgsm[steps=5]", metric="map_attacked")]


def tables() -> Any:
    package = sibling("reports", "html", "html").__name__.rpartition(".formats")[0]
    return importlib.import_module(f"{package}.tables.defences")


def of(gain: float, spread: float = 0.01, kept: float = 0.8) -> Results:
    """A run of dpsh and of two defences of it, one of 16 and 32 bits; the defended MAP is larger by the gain."""
    found = synthetic.results(attacks=("noise", "ifgsm[steps=5]"), hashers=("dpsh", "saat[method=dpsh]", "jpeg"))
    cells = [defended(cell, gain, spread, kept) if cell.at.source.hasher != "dpsh" else cell for cell in found.cells]
    return Results(found.runs, cells)


def defended(cell: CellResult, gain: float, spread: float, kept: float) -> CellResult:
    before = np.random.default_rng(0).normal(0, spread, synthetic.QUERIES)
    base = next(c for c in synthetic.results(("noise", "ifgsm[steps=5]")).cells if c.at.attack == cell.at.attack)
    undefended = base.arrays["per_query/map_attacked"]
    values = {
        "per_query/map_attacked": undefended + gain + before,
        "per_query/map_clean": kept * base.arrays["per_query/map_clean"],
    }
    rows = tuple(
        row.model_copy(update={"value": float(values[f"per_query/{row.metric}"].mean())})
        if f"per_query/{row.metric}" in values
        else row
        for row in cell.rows
    )
    assert cell.made is not None
    assert base.made is not None
    about = cell.made.hasher | {"started_from": started(cell)}
    return replace(cell, rows=rows, arrays=cell.arrays | values, made=cell.made.model_copy(update={"hasher": about}))


def started(cell: CellResult) -> str:
    """The key of dpsh of as many bits."""
    found = synthetic.results(("noise",), hashers=("dpsh",)).cells
    made = next(one.made for one in found if one.at.source.bits == cell.at.source.bits)
    assert made is not None
    return made.keys.hasher


@pytest.mark.parametrize(
    ("gain", "says"),
    [(0.1, "holds"), (-0.1, "does not hold: it is easier to move"), (0.0, "does not hold: no difference beyond its interval")],
)
def test_each_defence_stands_beside_its_own_hasher_and_is_judged_by_the_interval(gain: float, says: str) -> None:
    table = tables().defences("t", "a", ROWS, of(gain, spread=0.2 if gain == 0 else 0.01))
    assert len(table.lines) == 2 * 2 * len(ROWS)  # two defences, two code lengths
    for clean, moved in zip(table.lines[::2], table.lines[1::2], strict=True):
        assert clean.entries[-1].value == "keeps 80 %"
        without, with_, difference = moved.entries[3:6]
        assert isinstance(without.value, float) and isinstance(with_.value, float) and isinstance(difference.value, float)
        assert with_.value - without.value == pytest.approx(difference.value, abs=1e-9)
        assert difference.low is not None and difference.high is not None and difference.low <= difference.value <= difference.high
        assert moved.entries[-1].value == says


def test_a_hasher_without_a_defence_has_no_line_and_other_queries_are_not_compared() -> None:
    assert tables().defences("t", "a", ROWS, synthetic.results()).lines == []
    found = of(0.1)
    cells = [of_other_queries(cell) if cell.at.source.hasher == "jpeg" else cell for cell in found.cells]
    table = tables().defences("t", "a", ROWS, Results(found.runs, cells))
    told = {str(line.entries[0].value): line.entries[-1].value for line in table.lines if line.entries[2].value == "led away"}
    assert told == {"saat[method=dpsh]": "holds", "jpeg": "can't be told"}


def of_other_queries(cell: CellResult) -> CellResult:
    """The cell as of another draw of queries."""
    assert cell.made is not None
    targets = cell.made.targets.model_copy(update={"sha256": "0" * 64})
    return replace(cell, made=cell.made.model_copy(update={"targets": targets}))


def test_of_two_draws_of_queries_each_defence_stands_beside_its_own() -> None:
    one, two = of(0.1), [of_other_queries(cell) for cell in of(0.1).cells]
    for cells in ([*one.cells, *two], [*two, *one.cells]):
        table = tables().defences("t", "a", ROWS, Results(one.runs, cells))
        assert [line.entries[-1].value for line in table.lines if line.entries[2].value == "led away"] == ["holds"] * 8
        said = tables().in_words(Results(one.runs, cells))
        assert len(said) == 8 and all("the claim to be harder to move survives" in one for one in said)
        assert len({sentence.partition(":")[0] for sentence in said}) == 8, "each says which it is of"


@pytest.mark.parametrize(("gain", "so"), [(0.1, "survives"), (-0.1, "does not survive"), (0.0, "does not survive")])
def test_a_claim_survives_only_if_more_is_left_under_the_strongest_attack_on_each(gain: float, so: str) -> None:
    results = of(gain)
    said = tables().in_words(results)
    assert len(said) == 4, "two defences of hashers of two lengths; nothing of the undefended ones"
    for sentence in said:
        assert f"the claim to be harder to move {so}: under the strongest of 2 attacks MAP" in sentence
    (first,) = [sentence for sentence in said if "jpeg" in sentence and "16 bits" in sentence]
    pairs = [[c for c in results.cells if c.at.source.bits == 16 and c.at.source.hasher == name] for name in ("jpeg", "dpsh")]
    least = [min(c.value("map_attacked") or 1.0 for c in cells) for cells in pairs]
    assert f"MAP {least[0]:.3f} is left" in first and f"{least[1]:.3f} undefended" in first
    clean = [cells[0].value("map_clean") for cells in pairs]
    assert first.endswith(f"; clean MAP {clean[0]:.3f}, {clean[1]:.3f} undefended.")


def test_a_claim_is_told_with_the_lowest_robustness_that_any_run_shows_of_the_hasher() -> None:
    results = of(0.1)
    jpeg = next(cell for cell in results.cells if cell.at.source.hasher == "jpeg" and cell.at.source.bits == 16)
    scores = [
        replace(jpeg, at=jpeg.at.model_copy(update={"attack": name}), rows=(Measured(metric="robustness_untargeted", value=score),))
        for name, score in (("weak", 0.5), ("strong", 0.125))
    ]
    said = tables().in_words(Results(results.runs, [*results.cells, *scores]))
    (told,) = [one for one in said if "the lowest robustness" in one]
    assert "jpeg" in told and "16 bits" in told and told.endswith("; the lowest robustness shown is 0.12, under strong.")


def test_many_claims_stand_behind_one_sentence_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results, words = of(0.1), importlib.import_module("hashbench.reports.pages.words")
    monkeypatch.setattr(words, "ONE_BY_ONE", 3)
    (many,) = [sentence for sentence in words.summary(results) if sentence.one_by_one]
    assert [*many.one_by_one] == tables().in_words(results) and many.text.startswith("4 defended hashers")
    for form in ("html", "markdown"):
        (page,) = configure("reports", form).render(results, tmp_path)
        text = page.read_text(encoding="utf-8")
        assert text.count("the claim to be harder to move survives") == 4 and ("<details><summary>4 defended" in text) == (
            form == "html"
        )


def test_a_defence_without_the_hasher_it_defends_is_named() -> None:
    results = of(0.1)
    alone = [replace(cell, made=_of_method(cell)) for cell in results.cells if cell.at.source.hasher == "jpeg"]
    said = tables().in_words(Results(results.runs, alone))
    assert len(said) == 2 and all(one.endswith("without the hasher it defends: add --hasher dph.") for one in said)


def _of_method(cell: CellResult) -> Any:
    assert cell.made is not None
    options = cell.made.options | {"hasher": cell.made.options.get("hasher", {}) | {"method": "dph[epochs=30]"}}
    return cell.made.model_copy(update={"options": options})


def test_what_one_attack_and_what_flagged_attacks_leave_shows_no_claim() -> None:
    results = of(0.1)
    one = Results(results.runs, [cell for cell in results.cells if cell.at.attack != "noise"])
    assert all("one attack can't show that a claim holds" in said and "survives" not in said for said in tables().in_words(one))
    flag = Flag(flag="masked-gradients", says="x.")
    masked = [replace(cell, flags=(flag,)) if cell.at.source.hasher == "jpeg" else cell for cell in results.cells]
    for said in tables().in_words(Results(results.runs, masked)):
        jpeg = "jpeg" in said
        assert ("can't be told" in said and "flagged masked-gradients" in said) == jpeg and ("move survives" in said) != jpeg
    assert tables().verdict((0.1, 0.05, 0.2), ["masked-gradients"]) == "can't be told: flagged masked-gradients"
    assert tables().verdict((-0.1, -0.2, -0.05), ["masked-gradients"]).startswith("does not hold"), "what fails, fails"
    named = [replace(cell, made=_knowing_nothing(cell)) for cell in results.cells]
    assert tables().in_words(Results(results.runs, named)) == [], "attacks that ask nothing show nothing"


def _knowing_nothing(cell: CellResult) -> Any:
    assert cell.made is not None
    about = cell.made.plugins["attack"].model_copy(update={"access": "none"})
    return cell.made.model_copy(update={"plugins": cell.made.plugins | {"attack": about}})
