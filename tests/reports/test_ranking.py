"""Ranks and ties, and the sentences made from them."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import synthetic
from helpers import at, made
from pages import tables_of

from hashbench.plugins.configure import configure
from hashbench.results.cell import CellResult, Flag, Measured
from hashbench.results.provenance import Provenance
from hashbench.results.results import Results
from hashbench.results.run import RunFacts
from hashbench.results.setting import settings_of

numbers = importlib.import_module("hashbench.reports.numbers.ranking")
ranking = numbers.ranking
words = importlib.import_module("hashbench.reports.pages.words")


def summary(results: Results) -> list[str]:
    return [sentence.text for sentence in words.summary(results)]


def cell(attack: str, t_map: np.ndarray) -> CellResult:
    rows = (Measured(metric="t_map", value=float(t_map.mean())),)
    return CellResult(at(attack), "ok", attack, rows=rows, arrays={"per_query/t_map": t_map})


def test_attacks_are_tied_where_the_paired_interval_holds_0_and_each_rank_counts_those_ahead() -> None:
    rng = np.random.default_rng(0)
    base, noise = rng.random(200), rng.normal(0, 0.05, 200)
    noise -= noise.mean()
    # a is 0.006 above b and b is 0.006 above c, each within the noise; a is above c by more than it; d is far behind
    cells = [cell("d", base - 0.3), cell("c", base - 0.012), cell("b", base - 0.006 + noise), cell("a", base)]
    (setting,) = settings_of(cells)
    assert [(one.cell.label, one.rank) for one in ranking(setting)] == [("a", 1), ("b", 1), ("c", 2), ("d", 4)]
    behind = ranking(setting)[3].behind
    assert behind is not None and np.allclose(behind, 0.3)
    for first, second in (("a", "b"), ("b", "c")):
        gap = setting.difference(*(next(c for c in cells if c.label == name) for name in (first, second)))
        assert gap is not None and gap[1] <= 0 <= gap[2]


def test_the_summary_says_who_leads_by_how_much_and_what_is_tied() -> None:
    results = synthetic.results(bits=(16,))
    (setting,) = results.settings
    first, second = (one.cell for one in ranking(setting)[:2])
    (sentence, *_) = summary(results)
    gap = setting.difference(first, second)
    assert first.label in sentence and f"{first.value('t_map'):.3f} [" in sentence
    assert gap is not None and f"ahead of {second.label} by {gap[0]:+.3f} [{gap[1]:+.3f}, {gap[2]:+.3f}]" in sentence
    share = first.value("t_map_share")
    assert share is not None and f"{100 * share:.0f} % of the way" in sentence
    assert "not told apart" in summary(_tied(results))[0]


def _tied(results: Results) -> Results:
    """The same run with the best attack there twice, under two names."""
    best = ranking(results.settings[0])[0].cell
    copy = replace(best, at=best.at.model_copy(update={"attack": "twin"}), slug="twin")
    return Results(results.runs, [*results.cells, copy])


def test_many_settings_are_counted_and_failures_and_flags_are_said() -> None:
    results = synthetic.results(hashers=("dpsh", "dph", "hashnet", "x"))
    first, *others = results.cells
    boom = CellResult(first.at.model_copy(update={"attack": "boom"}), "error", "b", reason="RuntimeError: boom")
    flagged = replace(first, flags=(Flag(flag="hasher-at-chance", says="x."),))
    said = summary(Results(results.runs, [flagged, *others, boom]))
    assert "over 8 settings" in said[0] and "ifgsm[steps=50] in 8" in said[0]
    assert len(said) <= 6
    assert any("1 of 33 cells has no number (error)" in sentence for sentence in said)
    assert any("flagged for a second look: hasher-at-chance (1)" in sentence for sentence in said)


def test_a_bound_is_never_rounded_to_0_in_a_sentence() -> None:
    rng = np.random.default_rng(1)
    base = rng.random(200)
    cells = [cell("a", base), cell("b", base - 0.0004 - 0.0001 * rng.random(200))]
    cells = [replace(one, made=made({"attack": {}})) for one in cells]
    (sentence, *_) = summary(Results([RunFacts()], cells))
    assert "ahead of b by +0.0004" in sentence and "+0.000]" not in sentence and "[+0.000," not in sentence


def test_nobody_wins_where_no_attack_moves_anything() -> None:
    results = synthetic.results(attacks=("noise",), bits=(16,))
    clean = results.cells[0].arrays["per_query/t_map_clean"]
    results.cells[0].arrays["per_query/t_map"][:] = clean  # type: ignore[index]
    (sentence, *_) = summary(results)
    assert "no attack is told apart from the unattacked query" in sentence and "of the way" not in sentence


def test_without_values_by_query_there_is_no_rank() -> None:
    cells = [cell("a", np.full(5, 0.4)), cell("b", np.full(5, 0.2))]
    cells[1].arrays.clear()  # type: ignore[attr-defined]
    (setting,) = settings_of(cells)
    assert [one.rank for one in ranking(setting)] == [None, None]
    (alone,) = settings_of([cell("a", np.array([0.4])), cell("b", np.array([0.2]))])
    assert [one.rank for one in ranking(alone)] == [None, None], "one query tells nothing apart"


def test_where_attacks_lead_away_the_summary_is_of_map_and_the_front_of_no_target() -> None:
    results = synthetic.results(attacks=("ifgsm[steps=5]", "ifgsm[steps=50]"), bits=(16,))
    cells = [replace(one, made=_with(one, aim="own")) for one in results.cells]
    (sentence, *_) = summary(Results(results.runs, cells))
    least = min(cells, key=lambda one: one.value("map_attacked") or 1.0)
    assert f"{least.label} leads queries away from their likes: MAP falls from {least.value('map_clean'):.3f} [" in sentence
    assert f"to {least.value('map_attacked'):.3f} [" in sentence and "t-MAP" not in sentence
    front = importlib.import_module("hashbench.reports.pages.front")
    quality = importlib.import_module("hashbench.reports.pictures.gallery").quality_for(cells)
    made_up = front.front(Results(results.runs, cells), quality)
    assert made_up.away and made_up.attack == least.label and made_up.way is None
    mixed = Results(results.runs, [cells[0], results.cells[1]])
    assert "brings t-MAP" in summary(mixed)[0] and "leads queries away" in summary(mixed)[0]


def _with(one: CellResult, **chosen: object) -> Provenance:
    assert one.made is not None
    options = one.made.options | {"attack": one.made.options["attack"] | chosen}
    return one.made.model_copy(update={"options": options})


def test_over_settings_only_attacks_with_targets_beside_others_count_and_those_away_stand_apart(tmp_path: Path) -> None:
    results = synthetic.results(attacks=("noise", "ifgsm[steps=5]"), bits=(16, 32, 48))
    away = [
        replace(one, made=_with(one, towards=False)) if one.label != "noise" and one.at.target.bits == 48 else one
        for one in results.cells
    ]
    pages = configure("reports", "leaderboard").render(Results(results.runs, away), tmp_path)
    tables = {table.title: table for table in tables_of(next(page for page in pages if page.name.startswith("board")).read_text())}
    assert {row.cells[0].text: row.cells[1].text for row in tables["Over all settings"].rows} == {
        "noise": "2",
        "ifgsm[steps=5]": "2",
    }
    (least,) = tables["Away from the query's likes"].rows
    assert least.cells[0].text == "ifgsm[steps=5]" and "48" in [cell.text for cell in least.cells]
    assert (
        f"{next(one.value('map_attacked') for one in away if one.at.target.bits == 48 and one.label != 'noise'):.3f}"
        in least.cells[7].text
    )
    assert "over 2 settings" in summary(Results(results.runs, away))[0]


def test_an_attack_that_leads_away_does_not_win_what_it_does_not_play() -> None:
    cells = []
    for one in synthetic.results(attacks=("noise", "dhta", "hag"), bits=(16,)).cells:
        assert one.made is not None
        about = {"attack": one.about().model_copy(update={"targeted": one.label != "hag"})}
        cells.append(replace(one, made=one.made.model_copy(update={"plugins": about})))
    results = Results(synthetic.results(bits=(16,)).runs, cells)
    (setting,) = results.white_box
    assert ranking(setting)[0].cell.label == "hag", "it steers furthest, to nobody"
    assert [one.cell.label for one in numbers.steering(setting)] == ["dhta", "noise"]
    said = " ".join(summary(results))
    assert "dhta brings t-MAP" in said and "hag brings t-MAP" not in said and "hag leads queries away" in said


def test_a_lead_is_said_where_the_interval_shows_one_and_ties_beside_it() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.5, 0.6, 40), rng.uniform(0.5, 0.6, 40)
    near = cell("near", second)
    cells = [cell("first", first + 0.1), near, cell("noisy", first + 0.05 + rng.normal(0, 0.5, 40))]
    (setting,) = settings_of(cells)
    said = words._ahead(numbers.steering(setting))
    assert "noisy" in said and "not told apart from" in said and ("ahead of near" in said or "near" not in said)
    bare = replace(cell("bare", second), arrays={})
    (setting,) = settings_of([cell("one", first), cell("two", first - 1e-4 * rng.choice([-9, 10], 40)), bare])
    assert "ahead of" not in words._ahead(numbers.steering(setting)), "without all values by query nobody has a rank"
