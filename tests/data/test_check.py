"""`data check` and the pixel cache: what is found, what is left out, what is done only once."""

from __future__ import annotations

import os
from pathlib import Path

import layouts
import numpy as np
import pytest
from helpers import Trap, hashbench
from PIL import Image

from hashbench.api import BadData
from hashbench.data import pipelines
from hashbench.data.images import read_pixels
from hashbench.engine.choices import Source
from hashbench.engine.engine import Engine
from hashbench.engine.machine.context import Machine
from hashbench.engine.planning.choosing import choose_source
from hashbench.engine.stages.pixels import Loaded, pixels_of
from hashbench.engine.store.store import Store
from hashbench.testing.small import CPU

SPLITS = {"train": range(4), "database": range(8), "test": range(8, 12)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images of two classes."""
    root = tmp_path / "mine"
    for i in range(12):
        layouts.picture(root / "images" / f"{i}.png", 20 * i)
    layouts.lists(root, [f"images/{i}.png" for i in range(12)], SPLITS)
    return root


def load(tmp_path: Path, source: Source) -> Loaded:
    engine = Engine(Store(tmp_path / "store"), Machine(CPU, decoders=2))
    return engine.get(pixels_of(source, engine.store.root / "files", 2))


def source(folder: Path, skip_broken: bool = False):
    return choose_source("lists", str(folder), "quick", 16, skip_broken=skip_broken)[0]


def checked(folder: Path, *args: str):
    return hashbench("data", "check", "--data", str(folder), *args)


def test_sound_data_is_said_to_be_sound(folder: Path, tmp_path: Path) -> None:
    done = checked(folder, "--html", str(tmp_path / "page.html"))
    assert done.returncode == 0 and "sound; every image was decoded" in done.stdout, done.stdout + done.stderr
    page = (tmp_path / "page.html").read_text()
    assert page.count('<img src="data:image/jpeg') == 4 + 8 + 4 and "default-src 'none'" in page


def test_everything_wrong_is_told_at_once(folder: Path) -> None:
    (folder / "images" / "1.png").write_bytes(b"no image")
    (folder / "images" / "2.png").unlink()
    (folder / "images" / "9.png").write_bytes((folder / "images" / "5.png").read_bytes())
    Image.new("L", (20, 20), 7).save(folder / "images" / "6.png")
    Image.new("CMYK", (20, 20)).save(folder / "images" / "7.jpg")
    lines = (folder / "database_img.txt").read_text().replace("images/7.png", "images/7.jpg")
    (folder / "database_img.txt").write_text(lines + "../secret.png\nimages/3.png\n")
    (folder / "database_label.txt").write_text((folder / "database_label.txt").read_text() + "1 0\n0 x\n")
    done = checked(folder)
    assert done.returncode == 1
    for sentence in (
        "images/1.png can't be read as an image",
        "there is no image images/2.png",
        "database_img.txt:9: '../secret.png' is no path below the data folder",
        "database_label.txt:10: a label is 'x'",
        "1 queries are in the database",
        "images that are not RGB and are converted: 1 CMYK, 1 L",
        "NOT sound",
    ):
        assert sentence in done.stdout, (sentence, done.stdout)


def test_a_link_that_leads_outside_is_refused(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    layouts.picture(secret, 5)
    (folder / "images" / "3.png").unlink()
    (folder / "images" / "3.png").symlink_to(secret)
    assert "leads out of" in checked(folder).stdout
    (folder / "images" / "3.png").unlink()
    (folder / "images" / "3.png").symlink_to(folder / "images" / "4.png")
    assert checked(folder).returncode == 0
    (folder / "images").rename(tmp_path / "elsewhere")
    (folder / "images").symlink_to(tmp_path / "elsewhere")
    assert "leads out of" in checked(folder).stdout


def test_a_second_run_decodes_nothing_and_reads_only_what_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    pipeline = pipelines.PIPELINES["v2"]

    def count(data: bytes, size: int) -> np.ndarray:
        decoded.append(size)
        return pipeline.decode(data, size)

    monkeypatch.setitem(pipelines.PIPELINES, "v2", pipelines.Pipeline(pipeline.text, count))
    first = load(tmp_path, source(folder))
    assert len(decoded) == 12
    read: list[int] = []
    monkeypatch.setattr(type(first.data.files), "read", lambda self, i: read.append(i) or (self.root / self.paths[i]).read_bytes())
    again = load(tmp_path, source(folder))
    assert (
        len(decoded) == 12 and not read and again.data.content == first.data.content and np.array_equal(again.pixels, first.pixels)
    )
    stat = (folder / "images" / "3.png").stat()
    content = bytearray((folder / "images" / "3.png").read_bytes())
    layouts.picture(folder / "images" / "3.png", 61)
    assert len((folder / "images" / "3.png").read_bytes()) == len(content)
    os.utime(folder / "images" / "3.png", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed = load(tmp_path, source(folder))
    assert changed.data.content != first.data.content and set(read) == {3, *range(12)} and read[0] == 3 and len(decoded) == 24


def test_a_broken_image_ends_the_run_or_is_left_out_and_said(folder: Path, tmp_path: Path) -> None:
    (folder / "images" / "1.png").write_bytes(b"no image")
    with pytest.raises(BadData, match=r"1\.png can't be read"):
        load(tmp_path, source(folder))
    (folder / "images" / "9.png").unlink()
    with pytest.raises(BadData, match=r"test_img\.txt:2: there is no image images/9\.png"):
        load(tmp_path, source(folder))
    data = load(tmp_path, source(folder, skip_broken=True)).data
    assert {split: rows.tolist() for split, rows in data.rows.items()} == {
        "train": [0, 2, 3],
        "database": [0, 2, 3, 4, 5, 6, 7],
        "query": [8, 10, 11],
    }
    assert sorted(data.facts["skipped"]) == ["images/1.png", "images/9.png"] and data.facts["query_skipped"] == 1


def test_the_real_lists_have_the_counts_that_were_measured(shared: Path) -> None:
    done = checked(shared / "data" / "lists" / "flickr25k", "--labels-only")
    table = {line.split("│")[1].strip(): line.split("│")[2:5] for line in done.stdout.splitlines() if line.count("│") == 5}
    assert done.returncode == 0
    assert [value.strip() for value in table["rows"]] == ["5,000", "23,300", "1,700"]
    assert [value.strip() for value in table["without a label"]] == ["95", "381", "38"]
    assert table["distinct images"][0].strip() == "4,496" and "25,000 images, 38 labels" in done.stdout
    for name, wanted in {"nuswide": ["10,500", "2,100", "1,683", "808"], "mscoco": ["10,000", "5,000", "3,845", "2,190"]}.items():
        done = checked(shared / "data" / "lists" / name, "--labels-only")
        table = {line.split("│")[1].strip(): line.split("│")[2:5] for line in done.stdout.splitlines() if line.count("│") == 5}
        found = [table[row][column].strip() for row in ("rows", "distinct label vectors") for column in (0, 2)]
        assert found == wanted and done.returncode == 1 and "has no database_img.txt" in done.stdout


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "pixels.npy", np.array([Trap(tmp_path / "sprung")], dtype=object), allow_pickle=True)
    (tmp_path / "found.json").write_text('{"broken": {}, "modes": {}}')
    with pytest.raises(ValueError, match="Python objects"):
        read_pixels(tmp_path)
    assert not (tmp_path / "sprung").exists()
