"""Runtime checks of shapes in signatures, and small things that tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores: a thread each, also of what they start
    os.environ.setdefault("OMP_NUM_THREADS", "1")

with install_import_hook(["hashbench"], "beartype.beartype"):
    import hashbench.api  # noqa: F401

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test touches the user's store or weights."""
    monkeypatch.setenv("HASHBENCH_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    yield


@pytest.fixture
def shared() -> Path:
    """The folder of real images and lists beside the project; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the data folder {SHARED}")
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Among several processes: a file's tests share its fixtures, hence a process; the docs' pages need nothing of each other."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    for item in items:
        if item.path.name != "test_docs.py":
            folder = item.path.parent.name
            item.add_marker(pytest.mark.xdist_group(folder if folder == "browser" else item.path.stem))
