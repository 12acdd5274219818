"""Every number on a page is a stored one: the tables are read back and compared with the result files at the shown precision."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import synthetic
from pages import PageTable, tables_of

from hashbench.plugins.configure import configure
from hashbench.results.reading import read_results
from hashbench.results.results import Results
from hashbench.results.writing import write_results

HEADINGS = {
    "t-MAP": ("t_map", 1, 3),
    "of the way to its aim": ("t_map_share_own_aim", 100, 0),
    "of the way to the best aim": ("t_map_share_best_aim", 100, 0),
    "of the way to the oracle": ("t_map_share", 100, 0),
    "t-MAP of the oracle": ("t_map_oracle", 1, 3),
    "SSIM": ("ssim", 1, 3),
    "L2": ("l2", 1, 2),
    "t-MAP of the aim code": ("t_map_aim", 1, 3),
    "t-MAP floor": ("t_map_floor", 1, 3),
    "t-MAP clean": ("t_map_clean", 1, 3),
    "t-MAP, worst ties": ("t_map_worst_ties", 1, 3),
    "t-MAP, best ties": ("t_map_best_ties", 1, 3),
    "precision within radius 2": ("t_precision_radius_2", 1, 3),
    "MAP clean": ("map_clean", 1, 3),
    "MAP attacked": ("map_attacked", 1, 3),
    "MAP floor": ("map_floor", 1, 3),
    "MAP of raw pixels": ("map_pixels", 1, 3),
    "MAP of the untrained network": ("map_random", 1, 3),
    "RMS ×100": ("rms", 100, 2),
    "RMS ×100, returned": ("rms_raw", 100, 2),
    "L∞ ×255": ("linf", 255, 1),
    "changed": ("changed", 100, 0),
    "PSNR, dB": ("psnr", 1, 1),
    "ms / image": ("seconds_per_image", 1000, 2),
    "forwards / image": ("forwards_per_image", 1, 1),
    "backwards / image": ("backwards_per_image", 1, 1),
    "fit, s": ("fit_seconds", 1, 1),
    "aim's fit, s": ("aim_fit_seconds", 1, 1),
}
"""Metric, factor and digits of a heading, written here a second time."""


def written(results: Results, out: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """The run on disk, and what its files hold: rows by cell and metric."""
    write_results(results, out)
    return stored(out)


def stored(*outs: Path) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for out in outs:
        read = read_results(out)
        for cell in read.cells:
            rows = json.loads((out / "cells" / f"{cell.slug}.json").read_text())["rows"]
            found[cell.slug] = {row["metric"]: row for row in (*rows, *map(dict, cell.timings))}
    return found


def compare(tables: list[PageTable], files: dict[str, dict[str, dict[str, Any]]]) -> int:
    """How many numbers were compared; each is as stored, with its interval."""
    count = 0
    for table in tables:
        for row in table.rows:
            if not row.slug:
                continue
            for head, cell in zip(table.heads, row.cells, strict=True):
                if head.text not in HEADINGS:
                    continue
                metric, factor, digits = HEADINGS[head.text]
                value = files[row.slug].get(metric)
                if value is None or value["value"] is None:
                    assert cell.text == "–", (table.title, head.text, cell)
                    continue
                count += 1
                shown = re.sub(r"^-(0\.?0*)$", r"\1", f"{value['value'] * factor:.{digits}f}")
                assert re.fullmatch(rf"{shown}( %)?", cell.text), (table.title, head.text, cell, value)
                if value["low"] is not None:
                    ends = [re.sub(r"^-(0\.?0*)$", r"\1", f"{value[end] * factor:.{digits}f}") for end in ("low", "high")]
                    between = " to " if value["low"] < 0 else "–"
                    assert cell.small[0] == between.join(ends), (table.title, head.text, cell, value)
    return count


@pytest.mark.parametrize("several", [False, True])
def test_the_numbers_of_report_and_comparison_are_the_stored_ones(several: bool, tmp_path: Path) -> None:
    outs = [tmp_path / "one", tmp_path / "two"][: 1 + several]
    for i, out in enumerate(outs):
        written(synthetic.results(transfer=True, seeds=(i,), protocols=("harmonised", "published"), name=out.name), out)
    files = stored(*outs)
    results = read_results(*outs)
    (page,) = configure("reports", "html").render(results, tmp_path)
    assert page.name == ("comparison.html" if several else "report.html")
    tables = tables_of(page.read_text())
    titles = {table.title for table in tables}
    assert {"All cells", "Attacks", "Ties and costs", "Costs", "Transfer", "Paired differences", "By protocol"} <= titles
    compared = compare(tables, files)
    cells = len(results.cells)
    assert compared > 15 * cells
    assert "Spread over seeds" in titles if several else "Spread over seeds" not in titles


def test_base_rows_differences_and_ranks_are_the_stored_ones(tmp_path: Path) -> None:
    results = synthetic.results(bits=(16,))
    files = written(results, tmp_path)
    configure("reports", "html").render(results, tmp_path)
    tables = {table.title: table for table in tables_of((tmp_path / "report.html").read_text())}
    some = next(iter(files.values()))
    base = [row for row in tables["Attacks"].rows if row.base]
    at = [head.text for head in tables["Attacks"].heads].index("t-MAP")
    assert [row.cells[0].text for row in base] == ["random ranking", "clean query"]
    assert [row.cells[at].text for row in base] == [f"{some[m]['value']:.3f}" for m in ("t_map_floor", "t_map_clean")]
    pairs = results.differences
    pairs = pairs[pairs.metric == "t_map"].set_index(["attack", "other"])
    shown = tables["Paired differences"]
    assert len(shown.rows) == len(pairs) == 6
    for row in shown.rows:
        names, value = tuple(cell.text for cell in row.cells[:2]), row.cells[2]
        sign = 1 if names in pairs.index else -1
        pair = pairs.loc[names if sign == 1 else names[::-1]]
        digits = len(value.text.partition(".")[2])
        ends = sorted((sign * pair.low, sign * pair.high))
        assert digits >= 3 and value.text == f"{sign * pair.difference:+.{digits}f}"
        assert value.small == [f"{ends[0]:+.{digits}f} to {ends[1]:+.{digits}f}"]
        assert (row.cells[3].text == "not told apart") == (pair.low <= 0 <= pair.high)


def test_the_numbers_of_the_leaderboard_are_the_stored_ones(tmp_path: Path) -> None:
    files = written(synthetic.results(hashers=("dpsh", "hashnet"), epsilons=(4 / 255, 8 / 255)), tmp_path / "run")
    pages = configure("reports", "leaderboard").render(read_results(tmp_path / "run"), tmp_path / "site")
    kinds = {kind: [page for page in pages if page.name.startswith(kind)] for kind in ("index", "board", "attack", "hasher")}
    assert {kind: len(found) for kind, found in kinds.items()} == {"index": 1, "board": 1, "attack": 4, "hasher": 4}
    for page in pages:
        tables = tables_of(page.read_text())
        if page.name != "index.html":
            assert compare(tables, files) > 0
        for table in tables:
            for cell in (cell for row in table.rows for cell in row.cells if cell.href):
                name, _, part = cell.href.partition("#")
                assert (tmp_path / "site" / name).is_file(), f"{page.name} links to {cell.href}"
                there = (tmp_path / "site" / name).read_text().count(f'id="{part}"')
                assert there == (1 if part else 0), f"{page.name} links to {cell.href}"


def test_a_changed_number_would_be_noticed(tmp_path: Path) -> None:
    files = written(synthetic.results(bits=(16,)), tmp_path)
    configure("reports", "html").render(read_results(tmp_path), tmp_path)
    page = (tmp_path / "report.html").read_text()
    row = next(iter(files.values()))["t_map"]
    with pytest.raises(AssertionError):
        compare(tables_of(page.replace(f">{row['value']:.3f}<", ">0.123<")), files)


def test_a_run_of_an_older_schema_shows_its_numbers_too(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(Path(__file__).parents[1] / "fixtures" / "results1", out)
    (page,) = configure("reports", "html").render(read_results(out), tmp_path)
    assert compare(tables_of(page.read_text()), stored(out)) > 20


def test_tiles_protocols_seeds_and_means_are_the_stored_ones(tmp_path: Path) -> None:
    results = synthetic.results(bits=(16,), seeds=(0, 1), protocols=("harmonised", "published"))
    write_results(results, tmp_path)
    configure("reports", "html").render(results, tmp_path)
    page = (tmp_path / "report.html").read_text()
    tables = {table.title: table for table in tables_of(page)}
    for cell in results.cells:
        assert f"<span>{cell.value('map_clean'):.3f} <small>" in page
    spread = results.seed_spread.set_index(["attack", "protocol", "metric"])
    seeds = tables["Spread over seeds"]
    for row in seeds.rows:
        attack, on, metric = (cell.text for cell in row.cells[:3])
        unattacked = HEADINGS[metric][0] in ("t_map_floor", "map_clean")
        assert (attack == "(whatever attack)") == unattacked
        of = results.cells[0].label if unattacked else attack
        stored = spread.loc[(of, on.rpartition(", ")[2], HEADINGS[metric][0])]
        assert [cell.text for cell in row.cells[3:]] == [
            *(str(int(stored[name])) for name in ("queries", "seeds")),
            *(f"{stored[name]:.3f}" for name in ("mean", "least", "most", "deviation")),
        ] or HEADINGS[metric][1] == 100
    places = [tuple(cell.text for cell in row.cells[:3]) for row in seeds.rows]
    assert len(places) == len(set(places))
    by = {(cell.label, cell.at.seed, cell.at.protocol): cell for cell in results.cells}
    for row in tables["By protocol"].rows:
        seed = int(row.cells[1].text[-1])
        shown = [cell.text for cell in row.cells[2:]]
        for i, protocol in enumerate(("harmonised", "published")):
            cell = by[row.cells[0].text, seed, protocol]
            assert shown[3 * i : 3 * i + 2] == [f"{cell.value(metric):.3f}" for metric in ("t_map_floor", "t_map")]


def test_means_and_ranks_of_the_leaderboard_follow_from_the_stored_numbers(tmp_path: Path) -> None:
    results = synthetic.results(bits=(16, 32, 48))
    pages = configure("reports", "leaderboard").render(results, tmp_path)
    tables = {table.title: table for table in tables_of(next(page for page in pages if page.name.startswith("board")).read_text())}
    pairs = results.differences[results.differences.metric == "t_map"]
    ranks: dict[str, list[int]] = {}
    for cell in results.cells:
        own = pairs[pairs.bits == cell.names["bits"]]
        ahead = ((own.other == cell.label) & (own.low > 0)) | ((own.attack == cell.label) & (own.high < 0))
        ranks.setdefault(cell.label, []).append(1 + int(ahead.sum()))
    board = tables["Ranking"]
    for row in board.rows:
        bits = int(row.cells[[head.text for head in board.heads].index("bits")].text)
        assert int(row.cells[1].text) == ranks[row.cells[0].text][(16, 32, 48).index(bits)]
    for row in tables["Over all settings"].rows:
        label = row.cells[0].text
        t_maps = [cell.value("t_map") or 0.0 for cell in results.cells if cell.label == label]
        others = len(ranks) - 1
        ahead = sum((rank - 1) / others for rank in ranks[label]) / 3
        wanted = ["3", str(ranks[label].count(1)), f"{100 * ahead:.0f} %", f"{sum(t_maps) / 3:.3f}"]
        assert [cell.text for cell in row.cells[1:5]] == wanted
