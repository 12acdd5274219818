"""Tables as LaTeX, Markdown and CSV."""

from __future__ import annotations

import csv
import importlib
import io
import re
from pathlib import Path

import pytest
import synthetic
from helpers import hashbench

from hashbench.api import UserError
from hashbench.plugins.configure import configure, with_options
from hashbench.results.reading import read_results
from hashbench.results.writing import write_results

text = importlib.import_module("hashbench.reports.tables.text")
model = importlib.import_module("hashbench.reports.tables.model")


def check_latex(source: str) -> list[list[str]]:
    """A syntax check: environments nest, braces match, every row of a tabular has its columns' number of entries.

    Returns the rows of the tabulars, of their cells.
    """
    source = re.sub(r"(?<!\\)%.*", "", source)
    opened: list[str] = []
    for which, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if which == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    depth = 0
    for char in re.sub(r"\\[{}]", "", source):
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
    assert not re.search(r"(?<!\\)[#_^~]", source.replace("$", "")), "a special character stands unescaped"
    assert len(re.findall(r"(?<!\\)\$", source)) % 2 == 0
    rows = []
    for ends, body in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", source, flags=re.DOTALL):
        for line in body.split(r"\\")[:-1]:
            entries = re.split(r"(?<!\\)&", re.sub(r"\\(top|mid|bottom)rule|\\cmidrule\(lr\)\{[\d-]+\}", "", line))
            spans = [int(found[1]) if (found := re.match(r"\s*\\multicolumn\{(\d+)\}", entry)) else 1 for entry in entries]
            assert sum(spans) == len(ends), line
            rows.append([entry.strip() for entry in entries])
    return rows


def run(tmp_path: Path, **given: object) -> str:
    out = tmp_path / "run"
    write_results(synthetic.results(**given), out)  # type: ignore[arg-type]
    return str(out)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run that has something for every table."""
    given = {"transfer": True, "seeds": (0, 1), "protocols": ("harmonised", "published")}
    return run(tmp_path_factory.mktemp("whole"), attacks=("noise", "dhta[members=3]"), **given)


def test_table_1_has_attacks_as_rows_and_bits_as_columns_of_each_data_set(tmp_path: Path) -> None:
    attacks = ("noise", "p2p", "dhta", "prosgan[epochs=3]")
    out = run(tmp_path, attacks=attacks, bits=(12, 24, 32, 48))
    done = hashbench("table", "table1", out, "--format", "latex")
    assert done.returncode == 0, done.stderr
    above, heads, *rows = check_latex(done.stdout)
    assert above == ["", r"\multicolumn{4}{c}{shapes, dpsh}"]
    assert heads == ["method", "12 bits", "24 bits", "32 bits", "48 bits"]
    labels = [
        "Original",
        "Noise",
        "P2P",
        "DHTA",
        "ProS-GAN",
        "Anchor code",
        "Prototype code",
        "Random ranking (ours)",
        "Original MAP",
    ]
    assert [row[0] for row in rows] == labels
    cells = {(cell.at.attack, cell.at.source.bits): cell for cell in read_results(Path(out)).cells}
    for label, attack in zip(labels[1:5], attacks, strict=True):
        wanted = [f"{cells[attack, bits].value('t_map'):.3f}" for bits in (12, 24, 32, 48)]
        assert next(row for row in rows if row[0] == label)[1:] == wanted
    assert r"\toprule" in done.stdout and r"\usepackage" not in done.stdout and r"\cmidrule(lr){2-5}" in done.stdout


@pytest.mark.parametrize(
    "name", ["cells", "attacks", "by-bits", "differences", "costs", "transfer", "protocols", "seeds", "table3"]
)
@pytest.mark.parametrize("kind", ["latex", "markdown", "csv"])
def test_every_table_in_every_format(name: str, kind: str, whole: str, tmp_path: Path) -> None:
    done = hashbench("table", name, whole, "--format", kind, "-o", str(tmp_path / "t"))
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "t").read_text()
    if kind == "latex":
        assert len(check_latex(written)) > 3
    elif kind == "markdown":
        tables = re.findall(r"((?:^\|.*\|\n)+)", written, flags=re.MULTILINE)
        assert tables and all(len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1 for table in tables)
    else:
        assert len({len(row) for row in csv.reader(io.StringIO(written))}) == 1


def test_csv_holds_the_exact_numbers_with_their_intervals(tmp_path: Path) -> None:
    out = run(tmp_path, bits=(16,))
    rows = list(csv.DictReader(io.StringIO(hashbench("table", "cells", out, "--format", "csv").stdout)))
    cells = read_results(Path(out)).cells
    for row, cell in zip(rows, cells, strict=True):
        stored = cell.row("t_map")
        assert stored is not None
        assert [float(row[key]) for key in ("t_map", "t_map low", "t_map high")] == [stored.value, stored.low, stored.high]
        assert float(row["rms"]) == cell.value("rms")


def test_hostile_text_stays_text() -> None:
    evil = "a_b & 50% $x$ #{} \\input{x} ~^ | <script>\nnew"
    table = model.Table(
        evil, evil, [model.Column(evil, None), model.Column("n")], [model.Line((model.Entry(evil), model.Entry(0.5, why=evil)))]
    )
    source = text.to_latex(table)
    check_latex(source)
    assert r"\textbackslash{}input\{x\}" in source and "\n" not in source.split(r"\midrule")[1].split(r"\\")[0].strip()
    markdown = text.to_markdown(table)
    assert "<script>" not in markdown and r"\|" in markdown
    assert [row[0] for row in csv.reader(io.StringIO(text.to_csv([table])))] == [evil, evil]


def test_reports_write_all_tables(tmp_path: Path) -> None:
    results = synthetic.results(transfer=True)
    (file,) = configure("reports", "latex").render(results, tmp_path)
    check_latex(file.read_text())
    (file,) = configure("reports", "markdown").render(results, tmp_path)
    assert file.read_text().startswith("- First by t-MAP") and "### Transfer" in file.read_text()
    files = configure("reports", "csv").render(results, tmp_path)
    assert {"cells.csv", "attacks.csv", "transfer.csv"} <= {file.name for file in files}


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    out = run(tmp_path)
    assert "did you mean 'transfer'" in hashbench("table", "transfr", out).stderr
    assert "hold nothing for the table 'transfer'" in hashbench("table", "transfer", out).stderr
    assert "several experiments" in hashbench("table", "paper", out).stderr
    twice = hashbench("table", "table2", out)
    assert twice.returncode == 2 and "these results have ifgsm[steps=5], ifgsm[steps=50]: use by-bits" in twice.stderr
    with pytest.raises(UserError, match="hold nothing for the table 'seeds'"):
        with_options("reports", "csv", {"table": "seeds"}).render(read_results(Path(out)), tmp_path)


def test_a_suites_table_of_other_hashers_is_refused(tmp_path: Path) -> None:
    done = hashbench("table", "table1", run(tmp_path, hashers=("itq",)))
    assert done.returncode == 2 and "its attacks are not among their cells" in done.stderr
