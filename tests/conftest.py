"""Runtime checks of shapes in signatures, and small things that tests share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import jaxtyping
import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores: a thread each, also of what they start
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same draws every time, and no time limit for one: a test fails for what it tests, not for the machine's load or by luck
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("tests")

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def shaped() -> Iterator[str]:
    """Modules with shapes in signatures. A check of a call takes longer than many calls do, so the others are left alone."""
    shapes = re.compile(r"^from hashbench\.typing import .*\b(Bool|Float|Int|UInt8?)\b", flags=re.MULTILINE)
    for top in ("hashbench", "attacks", "hashers", "benchmarks", "reports"):
        for file in (ROOT / top).rglob("*.py"):
            if shapes.search(file.read_text(encoding="utf-8")):
                inside = file.relative_to(ROOT / "hashbench" if top == "hashbench" else ROOT)
                yield ".".join(("hashbench", *inside.with_suffix("").parts)).removesuffix(".__init__")


with jaxtyping.install_import_hook(list(shaped()), "beartype.beartype"):
    import hashbench.api  # noqa: F401


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test touches the user's store or weights; runs draw no page but where it is asked for, as that takes most of a small one."""
    monkeypatch.setenv("HASHBENCH_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HASHBENCH_RUN_REPORTS", "csv")
    yield


@pytest.fixture(autouse=True)
def pages_unchecked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of the documentation run without checks of shapes, a sixth of their time: what they call is tested by itself."""
    if request.path.name == "test_docs.py":
        monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


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
