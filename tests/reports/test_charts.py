"""Charts on pages and as files for papers."""

from __future__ import annotations

import importlib
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from helpers import hashbench
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hashbench.results.results import Results
from hashbench.results.writing import write_results

palette = importlib.import_module("hashbench.reports.charts.palette")
look = importlib.import_module("hashbench.reports.charts.look")
draw = importlib.import_module("hashbench.reports.charts.of_results")
lines = importlib.import_module("hashbench.reports.charts.lines")
security = importlib.import_module("hashbench.reports.charts.security")

NAMES = ["bars", "curves", "perceptibility", "time", "epsilon", "steps", "code-length", "survival", "transfer", "figure2", "table3"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("run")
    attacks = ("noise", "p2p", "dhta[steps=5]", "prosgan")
    results = synthetic.results(attacks=(*attacks, "fgsm[steps=1]", "fgsm[steps=9]"), epsilons=(2 / 255, 8 / 255), transfer=True)
    write_results(results, out)
    return str(out)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_a_vector_with_its_fonts(name: str, run: str, tmp_path: Path) -> None:
    done = hashbench("figure", name, run, "-o", str(tmp_path / "a.pdf"))
    assert done.returncode == 0, done.stderr
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf and b"/Subtype /Image" not in pdf
    assert len(done.stdout.splitlines()) > 1, "the caption is said too"


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_a_figure_repeats_byte_for_byte(kind: str, run: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{copy}.{kind}" for copy in "ab"]
    for file in files:
        assert hashbench("figure", "epsilon", run, "-o", str(file)).returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("name", ["figure3", "pictures"])
def test_pictures_are_drawn_as_they_are(name: str, run: str, tmp_path: Path) -> None:
    done = hashbench("figure", name, run, "-o", str(tmp_path / "a.pdf"))
    assert done.returncode == 0, done.stderr
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/Subtype /Image" in pdf and b"/FontFile2" in pdf


@pytest.mark.parametrize(("columns", "inches"), [("1", 3.4), ("2", 7.0)])
def test_figures_are_as_wide_as_columns(columns: str, inches: float, run: str, tmp_path: Path) -> None:
    hashbench("figure", "bars", run, "--columns", columns, "-o", str(tmp_path / "f.png"))
    with Image.open(tmp_path / "f.png") as image:
        assert image.width == round(300 * inches)
    hashbench("figure", "bars", run, "--columns", columns, "-o", str(tmp_path / "f.svg"))
    svg = ET.parse(tmp_path / "f.svg").getroot()
    assert svg.get("width") == f"{72 * inches:g}pt"
    assert not svg.findall(".//{http://www.w3.org/2000/svg}text"), "text is outlines: no font is needed to show it"


def test_a_figure_that_is_none_is_said(run: str, tmp_path: Path) -> None:
    assert "end it in .pdf, .svg or .png" in hashbench("figure", "bars", run, "-o", str(tmp_path / "f.docx")).stderr
    assert "did you mean 'transfer'" in hashbench("figure", "transfers", run).stderr


def test_a_chart_on_a_page_repeats_follows_the_palette_and_says_what_it_is() -> None:
    (chart,) = draw.bars(synthetic.results())
    svg = chart.inline()
    assert svg == chart.inline()
    element = ET.fromstring(svg.replace("xlink:", "xlink_"))
    assert element.get("role") == "img" and "t-MAP by attack" in str(element.get("aria-label"))
    assert "currentColor" in svg and "var(--s0)" in svg and "var(--s3)" in svg
    assert not [light for light, _ in palette.SERIES if light in svg]
    assert "<metadata" not in svg and "<script" not in svg
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids)) and all(f"#{name}" in svg for name in ids)


def test_names_are_text_and_not_formulas_or_tags() -> None:
    curve = (np.arange(3.0), np.arange(3.0))
    chart = lines.lines("$t$", '<script> & "q"', "x", "y", {"$a_1$": curve, "<b>": curve}, log=True)
    svg = chart.inline()
    assert "$a_1$" in svg and "<script>" not in svg and "<b>" not in svg and "mathdefault" not in svg
    ET.fromstring(svg.replace("xlink:", "xlink_"))


def test_security_curves_start_at_the_clean_query_and_follow_steps() -> None:
    results = synthetic.results(bits=(16,), epsilons=(2 / 255, 8 / 255))
    (over,) = security.over_epsilon(results)
    assert "ε 2/255, 8/255" in over.about
    figure = over.figure(look.PAGE)
    drawn = {line.get_label(): line for line in figure.axes[0].get_lines()}
    cells = {cell.at.epsilon: cell for cell in results.cells if cell.at.attack == "dhta"}
    wanted = [cells[8 / 255].value("t_map_clean"), *(cells[epsilon].value("t_map") for epsilon in (2 / 255, 8 / 255))]
    assert drawn["dhta"].get_xdata().tolist() == pytest.approx([0, 2, 8])
    assert drawn["dhta"].get_ydata().tolist() == pytest.approx(wanted)
    steps = security.over_steps(results)
    assert len(steps) == 1
    drawn = {line.get_label(): line for line in steps[0].figure(look.PAGE).axes[0].get_lines()}
    assert set(drawn) == {"ifgsm, ε 2/255", "ifgsm, ε 8/255"}
    assert drawn["ifgsm, ε 8/255"].get_xdata().tolist() == [5, 50]
    assert security.over_epsilon(synthetic.results(bits=(16,))) == []


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_have_the_contrast_of_wcag_aa(theme: int) -> None:
    grounds = [palette.COLOURS[name][theme] for name in ("paper", "card")]
    for name in ("ink", "quiet", "accent", "target"):
        assert min(contrast(palette.COLOURS[name][theme], ground) for ground in grounds) >= 4.5, name
    for pair in palette.SERIES:
        assert min(contrast(pair[theme], ground) for ground in grounds) >= 3, pair


@given(st.text(alphabet="ab-,[]=", min_size=1, max_size=120))
def test_long_names_are_folded_at_their_joints_and_lose_nothing(name: str) -> None:
    folded = look.folded(name)
    assert folded.replace("\n", "") == name
    for line in folded.split("\n"):
        assert len(line) <= 32 or not re.search(r"[-,\[]", line[:-1])


def test_names_as_long_as_options_leave_room_for_a_heat_map() -> None:
    name = "dpsh[epochs=1,optimiser=adamw,rate=1e-4]-convnet[warmup_epochs=1,width=8]-"
    names = [name + "8", name + "12"]
    chart = importlib.import_module("hashbench.reports.charts.heat").heat_map("t", "a", names, names, np.eye(2), (0, 1))
    assert chart.inline().count("optimiser=adamw") == 4


def test_roc_curves_have_the_areas_of_the_benchmark() -> None:
    detectors = importlib.import_module("hashbench.reports.charts.detectors")
    rng = np.random.default_rng(0)
    clean, attacked = rng.integers(0, 9, 40) / 8, rng.integers(3, 12, 40) / 8  # with ties
    alarms, hits = detectors.rates(clean, attacked)
    assert (
        (alarms[0], hits[0], alarms[-1], hits[-1]) == (0, 0, 1, 1) and (np.diff(alarms) >= 0).all() and (np.diff(hits) >= 0).all()
    )
    areas = importlib.import_module("hashbench.benchmarks.detection").areas
    assert np.trapezoid(hits, alarms) == pytest.approx(areas(clean, attacked).mean())
    results = synthetic.results(attacks=("noise", "dhta"), bits=(16,))
    arrays = {"detection/margin/clean": clean, "detection/margin/attacked": attacked}
    cells = [replace(cell, arrays=cell.arrays | arrays) if cell.at.attack == "dhta" else cell for cell in results.cells]
    (chart,) = draw.CHARTS["roc"](Results(results.runs, cells))
    assert chart.title == "Detectors of dhta"
    lines = {line.get_label(): line for line in chart.figure(look.PAGE).axes[0].get_lines()}
    assert set(lines) == {"margin", "chance"} and lines["margin"].get_xdata().tolist() == alarms.tolist()


def test_many_long_names_leave_the_axes_their_height(tmp_path: Path) -> None:
    names = [f"square[answer=distances,away=true,examples={examples},queries={1000 + i}]" for examples in (3, 5) for i in range(30)]
    results = synthetic.results(attacks=tuple(names), bits=(16,))
    for chart in (*draw.bars(results), *draw.perceptibility(results)):
        figure = chart.figure(look.WIDE if chart.wide else look.PAGE)
        figure.savefig(io.BytesIO(), format="svg")  # lays it out; a layout that fails warns
        (axes,) = figure.axes
        high = axes.get_position().height * figure.get_figheight()
        assert high > 0.4 * chart.inches(look.WIDE if chart.wide else look.PAGE)
    look.write(draw.bars(results), tmp_path / "bars.pdf", 2)
