"""Every code block of the README and of docs/ runs, at a small size, page by page in one folder."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
import textwrap
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path

import layouts
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from hashbench.cli.main import group
from hashbench.plugins import registry

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TOO_LONG = ("suite run paper", "suite run table1", "suite run robustness", "suite run beyond", "data fetch")
"""What a test can't run: their plans are tested in tests/cli/test_suite.py, fetching in tests/data/test_fetch.py."""
PROSGAN = "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
SMALL = {
    "HASHBENCH_RUN_DATASETS": "shapes[train=64,database=128,queries=8]",
    "HASHBENCH_RUN_BACKBONES": "convnet[width=8,warmup_epochs=1]",
    "HASHBENCH_HASHER_EXPORT_DATASET": "shapes[train=64,database=128,queries=8]",
    "HASHBENCH_HASHER_EXPORT_BACKBONE": "convnet[width=8,warmup_epochs=1]",
    "HASHBENCH_PLAN_DATASETS": "shapes[train=64,database=128,queries=8]",
    "HASHBENCH_PLAN_BACKBONES": "convnet[width=8,warmup_epochs=1]",
    "HASHBENCH_TARGETS_SHOW_DATASET": "shapes[train=64,database=128,queries=8]",
    "HASHBENCH_TARGETS_MAKE_DATASET": "shapes[train=64,database=128,queries=8]",
}


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and content: fenced blocks; in the README, indented ones of commands."""
    text = page.read_text(encoding="utf-8")
    yield from re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)
    for match in re.finditer(r"\n\n((?:    .*\n|\n+(?=    ))+)", text if page.name == "README.md" else ""):
        content = textwrap.dedent(match[1])
        if content.startswith(("hashbench", "pip")):
            yield "console", content


def install(folder: Path, site: Path) -> None:
    """What `pip install -e folder` leaves behind: the module and its entry points on the path."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name']}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n")
    lines = [f"[{kind}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for kind, points in project["entry-points"].items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    (site / f"{project['name']}.py").write_text((folder / f"{project['name']}.py").read_text())
    registry.entries.cache_clear()


def lists(folder: Path) -> None:
    """A folder in the field's layout: 24 images of 2 classes."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(24):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    layouts.lists(folder, [f"{i}.png" for i in range(24)], {"train": range(12), "database": range(20), "test": range(20, 24)})


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages' own: what one has made the next need not make again."""
    return tmp_path_factory.mktemp("store")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_runs(page: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)
    for name, value in {**SMALL, "HASHBENCH_STORE": str(store)}.items():
        monkeypatch.setenv(name, value)
    autohash = importlib.import_module(registry.load("attacks", "autohash").__module__)
    quickstart = importlib.import_module("hashbench.cli.quickstart")
    monkeypatch.setattr(quickstart, "QUERIES", 3)
    monkeypatch.setattr(quickstart, "ATTACKS", {"noise": "knows nothing"})
    monkeypatch.setattr(autohash, "VERSION_1", autohash.Sizes(steps=2, starts=2, short=1, then=1, queries=3))
    lists(tmp_path / "DIR")
    names = {"__name__": "__main__"}
    for language, content in blocks(page):
        named = re.match(r"# (\w+\.py)\n", content)
        if named:
            (tmp_path / named[1]).write_text(content)
        if language == "python":
            exec(compile(content, page.name, "exec"), names)
        elif language == "console":
            for line in content.replace("\\\n", " ").splitlines():
                _command(line.partition("  #")[0].strip(), site)
    registry.entries.cache_clear()
    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


def _command(line: str, site: Path) -> None:
    words = shlex.split(line)
    if words[:3] == ["pip", "install", "-e"]:
        install(Path(words[3]), site)
    elif words and words[0] == "hashbench" and not any(text in line for text in TOO_LONG):
        words = [re.sub(r"\bprosgan$", PROSGAN, word) for word in words]
        words = [re.sub(r"^resnet18$|(?<![\w-])convnet(?![\w\[-])", "convnet[width=8,warmup_epochs=1]", word) for word in words]
        words = [word.replace("convnet[width=16]", "convnet[width=16,warmup_epochs=1]") for word in words]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a user sees no DeprecationWarning of a library
            done = CliRunner().invoke(group, words[1:])
        assert done.exit_code == 0, f"{line}: {done.output}\n{done.exception}"
