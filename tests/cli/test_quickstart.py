"""`hashbench quickstart`, as a newcomer types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import hashbench

from hashbench.cli import quickstart
from hashbench.results.reading import read_results


def test_the_tour_ends_in_a_table_a_report_with_pictures_and_commands_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quickstart, "QUERIES", 4)
    monkeypatch.setattr(quickstart, "ATTACKS", {"noise": "knows nothing", "fgsm": "one step"})
    done = hashbench("quickstart", "--out", str(tmp_path / "tour"), "--store", str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    assert "fgsm on dpsh@shapes-dpsh-convnet-32, shapes[" in " ".join(done.stderr.split()), (
        "no backbone and bits behind a name that ends in them"
    )
    cells = read_results(tmp_path / "tour").cells
    assert [(cell.at.attack, cell.status) for cell in cells] == [("noise", "ok"), ("fgsm", "ok")]
    assert str(tmp_path / "tour" / "report.html") in done.stdout
    page = (tmp_path / "tour" / "report.html").read_text()
    assert page.index('class="cases"') < page.index("All cells") and page.count('class="case"') == 3
    for command in quickstart.NEXT:
        assert command in done.stdout
        name = command.split()[1]
        assert hashbench(name, "--help").returncode == 0
