"""The notebook runs as a reader runs it, and shows what it shows."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "first_look.ipynb"


@pytest.mark.slow
def test_the_notebook_runs_and_shows_its_plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    monkeypatch.setenv("HASHBENCH_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("HASHBENCH_HOME", str(tmp_path / "store"))
    notebook = nbformat.read(NOTEBOOK, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = [cell.outputs[-1].data for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    pages = ["".join(data.get("text/html", "")) for data in shown]
    assert len(shown) == 7 and sum("<svg" in page for page in pages) == 3
    assert "dhta[steps=50]" in pages[0] and "t_map_share" in pages[0]
    assert "95 % intervals" in pages[1] and "tensor(8" in "".join(shown[4]["text/plain"])
