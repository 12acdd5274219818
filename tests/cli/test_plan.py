"""`hashbench plan`: names, sizes and times are enough for it, and it leaves no trace."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import TINY, hashbench, process

from hashbench.data import image_files
from hashbench.engine.planning.choosing import choose_source

COUNT = 100_000


def index_of(data: Path, folder: Path) -> None:
    """What a run that hashed every file leaves in the store."""
    source, _ = choose_source("lists", str(data), "quick")
    files = source.dataset.plugin.load(source.folder, source.image_size).files
    assert files is not None
    entries = np.zeros(len(files.paths), dtype=image_files._ENTRY)
    for entry, path in zip(entries, files.paths, strict=True):
        stat = (data / path).stat()
        entry["size"], entry["modified"], entry["changed"], entry["sha256"] = stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, 7
    folder.mkdir(parents=True)
    (folder / files._index_name).write_bytes(entries.tobytes())


opened: list[str] = []
listening: list[str] = []


def _listen(event: str, args: tuple[object, ...]) -> None:
    if listening and event == "open" and str(args[0]).startswith(listening[0]):
        opened.append(str(args[0]))


sys.addaudithook(_listen)


def traces(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every file and folder below with its size, times and content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        stat = path.stat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, content)
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_planning_for_many_images_opens_none_and_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    data, store = tmp_path / "data", tmp_path / "store"
    (data / "images").mkdir(parents=True)
    paths = [f"images/{number}.jpg" for number in range(COUNT)]
    for path in paths:
        os.close(os.open(data / path, os.O_CREAT | os.O_WRONLY))
    for split, own in (("train", paths[:1000]), ("database", paths[:-100]), ("test", paths[-100:])):
        (data / f"{split}_img.txt").write_text("\n".join(own) + "\n")
        (data / f"{split}_label.txt").write_text(
            "\n".join("10" if i % 2 else "01" for i in range(len(own))).replace("1", "1 ", 0) + "\n"
        )
    for split in ("train", "database", "test"):
        file = data / f"{split}_label.txt"
        file.write_text(file.read_text().replace("10", "1 0").replace("01", "0 1"))
    plan = ["plan", "--attack", "fgsm", "--dataset", "lists", "--data", str(data), "--preset", "quick", "--store", str(store)]
    listening.append(str(data / "images"))
    try:
        done = hashbench(*plan)
        assert done.returncode == 0 and "in the store: nothing" in done.stdout, done.stderr
        assert not store.exists() and not opened
        listening.clear()
        index_of(data, store / "files")
        before = traces(store)
        listening.append(str(data / "images"))
        done = hashbench(*plan)
        assert done.returncode == 0 and not opened and traces(store) == before
        (data / paths[0]).write_bytes(b"changed")
        opened.clear()
        assert hashbench(*plan).returncode == 0 and not opened and traces(store) == before
    finally:
        listening.clear()


def test_planning_leaves_a_full_store_as_it_was(tmp_path: Path) -> None:
    options = ["--attack", "dhta[steps=2]", *TINY, "--store", str(tmp_path / "store")]
    assert hashbench("run", *options, "--out", str(tmp_path / "out")).returncode == 0
    before = traces(tmp_path / "store")
    assert "Nothing is to be made." in hashbench("plan", *options).stdout
    assert traces(tmp_path / "store") == before


def test_the_graph_of_a_run_is_printed_and_drawn(tmp_path: Path) -> None:
    options = ["--attack", "noise,dhta,ifgsm", *TINY, "--bits", "8,12", "--store", str(tmp_path / "store")]
    printed = hashbench("plan", *options, "--graph").stdout
    counts = {line.split()[0]: int(line.split()[1]) for line in printed.splitlines()}
    assert counts == {
        "pixels": 1,
        "trunk": 1,
        "features": 1,
        "targets": 1,
        "hasher": 2,
        "codes": 2,
        "aim": 2,
        "aim-codes": 2,
        "fitted-attack": 6,
        "images": 6,
        "attacked-codes": 6,
        "oracle": 2,
        "controls": 2,
    }
    assert "trunk" in next(line for line in printed.splitlines() if line.startswith("hasher")).partition("<-")[2]
    file = tmp_path / "graph.svg"
    assert hashbench("plan", *options, "--graph", str(file)).returncode == 0
    assert all(name in file.read_text() for name in counts)
    assert hashbench("plan", *options, "--graph", "graph.txt").returncode == 2
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("options", [["--graph"], []])
def test_plan_takes_what_run_takes(options: list[str], tmp_path: Path) -> None:
    done = process("plan", "--attack", "fgms", *options, cwd=tmp_path)
    assert done.returncode == 2 and "did you mean 'fgsm'" in done.stderr
