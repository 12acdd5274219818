"""The list layout: both forms read the same, and every kind of damage is one sentence with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hashbench.api import BadData
from hashbench.contracts.run import Silent
from hashbench.data.text import refuse
from hashbench.plugins.configure import configure

ROWS = {"train": ["a.png", "b.png"], "database": ["a.png", "b.png", "c.png"], "test": ["d.png"]}
LABELS = {"a.png": "1 0", "b.png": "0 1", "c.png": "1 1", "d.png": "1 0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i, name in enumerate(LABELS):
        Image.new("RGB", (40 + 10 * i, 30), (60 * i, 10, 200)).save(tmp_path / name)
    for split, names in ROWS.items():
        (tmp_path / f"{split}_img.txt").write_text("\n".join(names) + "\n")
        (tmp_path / f"{split}_label.txt").write_text("\n".join(LABELS[name] + " " for name in names) + "\n")
    return tmp_path


def load(folder: Path | None, size: int = 16):
    return configure("datasets", "lists").load(folder, size)


def test_reads_splits_labels_and_pixels(folder: Path) -> None:
    data = load(folder)
    assert {split: rows.tolist() for split, rows in data.rows.items()} == {"train": [0, 1], "database": [0, 1, 2], "query": [3]}
    assert data.split_labels("database").tolist() == [[1, 0], [0, 1], [1, 1]]
    pixels = data.decode(2)
    assert pixels.shape == (3, 16, 16) and pixels.dtype == np.uint8 and (pixels[:, 8, 8] == [120, 10, 200]).all()
    assert data.facts["queries_in_database"] == 0 and data.facts["train_outside_database"] == 0


def test_one_file_form_is_the_same_data(folder: Path) -> None:
    before = load(folder)
    for split, names in ROWS.items():
        (folder / f"{split}_img.txt").unlink()
        (folder / f"{split}_label.txt").unlink()
        (folder / f"{split}.txt").write_text("".join(f"{name} {LABELS[name]}\n" for name in names))
    assert load(folder).content == before.content


def test_grey_and_alpha_images_become_rgb(folder: Path) -> None:
    Image.new("L", (30, 30), 77).save(folder / "a.png")
    Image.new("RGBA", (30, 30), (1, 2, 3, 128)).save(folder / "b.png")
    data = load(folder)
    assert (data.decode(0) == 77).all() and data.decode(1).shape == (3, 16, 16)


def test_copies_across_splits_are_found(folder: Path) -> None:
    (folder / "d.png").write_bytes((folder / "c.png").read_bytes())
    data = load(folder)
    hashed = data.with_hashes(data.files.hashes(folder / "index", 2, Silent(), refuse))
    assert data.facts["queries_in_database"] == 0 and hashed.facts["queries_in_database"] == 1


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("train_label.txt", "1 0\n", "train_label.txt: 1 lines, but train_img.txt has 2"),
        ("train_label.txt", "1 0\n0 1 1\n", "train_label.txt:2: 3 labels, where earlier lines have 2"),
        ("train_label.txt", "1 0\n0 2\n", "train_label.txt:2: a label is '2'"),
        ("train_label.txt", "1 0\n\n", "train_label.txt:2: no labels"),
        ("train_img.txt", "a.png\n../b.png\n", "train_img.txt:2: '../b.png' is no path below the data folder"),
        ("train_img.txt", "a.png\n/etc/passwd\n", "train_img.txt:2: '/etc/passwd' is no path below the data folder"),
        ("train_img.txt", "a.png\n\n", "train_img.txt:2: an empty line"),
        ("database_label.txt", "0 1\n0 1\n1 1\n", "database_img.txt:1: a.png has other labels"),
        ("test_img.txt", "", "test_img.txt"),
        ("classes.txt", "one\n", "1 names for 2 label columns"),
    ],
)
def test_damage_is_one_sentence(folder: Path, file: str, content: str, sentence: str) -> None:
    (folder / file).write_text(content)
    with pytest.raises(BadData) as caught:
        load(folder)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_missing_lists_and_unreadable_images_are_sentences(folder: Path) -> None:
    (folder / "c.png").write_bytes(b"not an image")
    with pytest.raises(BadData, match=r"c\.png can't be read"):
        load(folder).decode(2)
    (folder / "train_img.txt").unlink()
    with pytest.raises(BadData, match=r"has no train_img\.txt"):
        load(folder)
    with pytest.raises(BadData, match="does not exist"):
        load(folder / "nowhere")


def test_real_lists_load(shared: Path) -> None:
    data = load(shared / "data" / "voc2012-animals", 64)
    assert (len(data.rows["train"]), len(data.rows["database"]), len(data.rows["query"])) == (1500, 3176, 400)
    assert data.decode(0).shape == (3, 64, 64) and len(data.classes) == 20
