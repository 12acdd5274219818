"""Every official layout is read right; every kind of damage is one sentence that names the file and the line."""

from __future__ import annotations

import pickle
from pathlib import Path

import layouts
import numpy as np
import pytest
from helpers import Trap, hashbench

from hashbench.api import BadData
from hashbench.plugins.configure import configure


def load(spec: str, folder: Path, size: int = 16):
    return configure("datasets", spec).load(folder, size)


def red(data, position: int) -> int:
    return int(data.decode(position)[0, 8, 8])


def test_flickr25k_reads_numbers_from_1_and_both_label_versions(tmp_path: Path) -> None:
    layouts.flickr25k(tmp_path)
    data = load("flickr25k[queries=5,train=10]", tmp_path)
    assert len(data.classes) == 38 and data.classes == tuple(sorted(data.classes)) and data.labels.shape == (40, 38)
    sky, baby, baby_r1 = (data.labels[:, data.classes.index(name)] for name in ("sky", "baby", "baby_r1"))
    assert sky.tolist() == [n % 5 != 0 for n in range(1, 41)] and np.flatnonzero(baby).tolist() == [0]
    assert (baby_r1 <= baby).all() and abs(red(data, 6) - 7) <= 1
    fewer = load("flickr25k[labels=24,queries=5,train=10]", tmp_path)
    assert len(fewer.classes) == 24 and not any(name.endswith("_r1") for name in fewer.classes)
    assert {split: len(rows) for split, rows in data.rows.items()} == {"train": 10, "database": 35, "query": 5}
    assert data.facts["queries_in_database"] == 0 and data.facts["train_outside_database"] == 0
    assert load("flickr25k[queries=5,train=10,seed=1]", tmp_path).rows["query"].tolist() != data.rows["query"].tolist()


@pytest.mark.parametrize("both", [True, False])
def test_nuswide_reads_backslashes_and_keeps_the_frequent_concepts(tmp_path: Path, both: bool) -> None:
    layouts.nuswide(tmp_path)
    if not both:
        for file in (tmp_path / "Groundtruth" / "AllLabels").iterdir():
            file.unlink()
        (tmp_path / "Groundtruth" / "AllLabels").rmdir()
    data = load("nuswide[concepts=3,queries=3,train=6]", tmp_path)
    assert data.classes == ("c00", "c01", "c02")
    wanted = [n for n in range(60) if n % 7 != 6 and any(n % d == 0 for d in (2, 3, 4))]
    assert [int(path[-8:-4]) - 7000 for path in data.files.paths] == wanted
    assert data.files.paths[1] == "Flickr/actor/0002_7002.jpg" and abs(red(data, 1) - 2) <= 1
    assert data.labels[wanted.index(12)].tolist() == [1, 1, 1] and data.labels[wanted.index(9)].tolist() == [0, 1, 0]
    assert len(data.rows["query"]) == 3 and len(data.rows["train"]) == 6 and data.facts["queries_in_database"] == 0
    every = load("nuswide[concepts=81,queries=5,train=5,draw=uniform]", tmp_path)
    assert len(every.classes) == 81 and len(every.labels) == sum(n % 7 != 6 and n != 1 for n in range(60))


def test_mscoco_reads_scattered_ids(tmp_path: Path) -> None:
    layouts.mscoco(tmp_path)
    data = load("mscoco[queries=4,train=8]", tmp_path)
    assert data.classes == ("person", "car", "toothbrush") and len(data.labels) == 24
    assert data.files.paths[0] == "train2014/COCO_train2014_000000000012.jpg" and data.labels[0].tolist() == [1, 0, 1]
    assert data.labels[1].tolist() == [0, 1, 0] and data.files.paths[12].startswith("val2014/")
    assert abs(red(data, 2) - 3) <= 1


def test_voc2012_counts_difficult_objects_as_absent(tmp_path: Path) -> None:
    layouts.voc2012(tmp_path)
    data = load("voc2012[queries=4,train=8]", tmp_path)
    assert len(data.labels) == 36 and data.labels.sum(1).tolist() == [1] * 36
    assert data.labels[10].argmax() == 11 and data.files.paths[10] == "JPEGImages/2008_000011.jpg" and abs(red(data, 10) - 11) <= 1


def test_cifar10_reads_batches_of_python_2_and_three_protocols(tmp_path: Path) -> None:
    layouts.cifar10(tmp_path)
    sizes = {"cifar10": (10, 50, 540), "cifar10-1": (10, 50, 590), "cifar10-2": (100, 500, 500)}
    for splits, wanted in sizes.items():
        data = load(f"cifar10[splits={splits}]", tmp_path, 32)
        assert tuple(len(data.rows[split]) for split in ("query", "train", "database")) == wanted
        assert (
            (data.decode(125)[1] == 25).all()
            and data.decode(125)[0, 0, 0] == 1
            and data.labels[125].argmax() == 5
            and data.decode(125).shape == (3, 32, 32)
        )
        assert not set(data.rows["query"]) & {*data.rows["database"], *data.rows["train"]}
        assert data.facts["train_outside_database"] == (50 if splits == "cifar10" else 0)
        assert (data.split_labels("query").sum(0) == wanted[0] // 10).all() and (
            data.split_labels("train").sum(0) == wanted[1] // 10
        ).all()
    assert load("cifar10", tmp_path, 48).decode(0).shape == (3, 48, 48)


DAMAGE = {
    ("flickr25k", "mirflickr25k_annotations_v080/sea.txt", "7\nx\n"): "sea.txt:2: 'x' is no image number",
    ("flickr25k", "mirflickr25k_annotations_v080/sea.txt", "41\n"): "sea.txt:1: there is no image 41; images are 1 to 40",
    ("flickr25k", "mirflickr25k_annotations_v080/sea.txt", ""): "sea.txt is empty",
    ("flickr25k", "mirflickr25k_annotations_v080/sea_r1.txt", "3\n"): "sea_r1.txt: image 3 is not in sea.txt",
    ("flickr25k", "mirflickr25k_annotations_v080/sea_r1.txt", None): "sea_r1.txt can't be read",
    ("flickr25k", "mirflickr/im7.jpg", None): "mirflickr has no im7.jpg",
    ("flickr25k", "mirflickr25k_annotations_v080/sky.txt", None): "has no annotations of MIRFLICKR-25K",
    ("nuswide", "ImageList/Imagelist.txt", "a\\b.jpg\n"): "but the image lists have 1 lines",
    ("nuswide", "ImageList/Imagelist.txt", "..\\b.jpg\n" * 60): "Imagelist.txt:1: '../b.jpg' is no path below the data folder",
    ("nuswide", "ImageList/Imagelist.txt", None): "Imagelist.txt can't be read",
    ("nuswide", "Groundtruth/AllLabels/Labels_c05.txt", "0\n2\n"): "Labels_c05.txt:2: a label is '2'",
    ("nuswide", "Groundtruth/AllLabels/Labels_c05.txt", "0\n1\n"): "Labels_c05.txt: 2 labels of 'c05'",
    ("nuswide", "Groundtruth/AllLabels/Labels_c05.txt", None): "label files of 80 concepts, not of 81",
    ("mscoco", "annotations/instances_val2014.json", '{"images": [{"id": 1'): "instances_val2014.json is not JSON",
    ("mscoco", "annotations/instances_val2014.json", "[]"): "instances_val2014.json is no annotation file",
    ("mscoco", "annotations/instances_val2014.json", '{"images": [], "annotations": []}'): "has no list of categories",
    ("mscoco", "annotations/instances_val2014.json", None): "instances_val2014.json can't be read",
    (
        "mscoco",
        "annotations/instances_val2014.json",
        '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 2, "category_id": 1}], "categories": [{"id": 1, "name": "x"}]}',
    ): "annotation 0 is of image 2, which is not among its images",
    (
        "mscoco",
        "annotations/instances_val2014.json",
        '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1, "category_id": 2}], "categories": [{"id": 1, "name": "x"}]}',
    ): "annotation 0 has category 2, which is not among its categories",
    (
        "voc2012",
        "VOCdevkit/VOC2012/ImageSets/Main/cat_trainval.txt",
        "2008_000000  1\n",
    ): "cat_trainval.txt: 1 lines, but aeroplane",
    (
        "voc2012",
        "VOCdevkit/VOC2012/ImageSets/Main/cat_trainval.txt",
        "2008_000000 yes\n",
    ): "cat_trainval.txt:1: '2008_000000 yes' is not",
    ("voc2012", "VOCdevkit/VOC2012/ImageSets/Main/cat_trainval.txt", "x -1\n" * 40): "cat_trainval.txt:1: image x, where",
    ("voc2012", "VOCdevkit/VOC2012/ImageSets/Main/cat_trainval.txt", None): "cat_trainval.txt can't be read",
    ("cifar10", "cifar-10-batches-py/data_batch_2", "\x80\x02}"): "data_batch_2 is damaged",
    ("cifar10", "cifar-10-batches-py/data_batch_2", None): "data_batch_2 can't be read",
}


@pytest.mark.parametrize(("case", "sentence"), DAMAGE.items(), ids=[f"{c[0]}-{i}" for i, c in enumerate(DAMAGE)])
def test_a_damaged_copy_is_one_sentence(tmp_path: Path, case: tuple[str, str, str | None], sentence: str) -> None:
    name, file, content = case
    layouts.WRITERS[name](tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(content, encoding="latin-1")
    with pytest.raises(BadData) as caught:
        load(name, tmp_path)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_batch_that_wants_to_run_code_is_not_read(tmp_path: Path) -> None:
    layouts.cifar10(tmp_path)
    file, sprung = tmp_path / "cifar-10-batches-py" / "data_batch_3", tmp_path / "sprung"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        file.write_bytes(pickle.dumps({b"data": Trap(sprung), b"labels": [0]}, protocol))
        with pytest.raises(BadData, match=r"data_batch_3: it asks for .* it was not read"):
            load("cifar10", tmp_path)
    assert not sprung.exists()


@pytest.mark.parametrize("protocol", [3, 4])
def test_batches_of_python_3_are_read_too(tmp_path: Path, protocol: int) -> None:
    layouts.cifar10(tmp_path)
    before = load("cifar10[splits=cifar10-2]", tmp_path, 32)
    content = pickle.dumps({b"data": layouts.cifar_pixels(2), b"labels": [i % 10 for i in range(100)]}, protocol)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(content)
    assert load("cifar10[splits=cifar10-2]", tmp_path, 32).content == before.content


def test_released_split_files_are_followed(tmp_path: Path) -> None:
    layouts.flickr25k(tmp_path / "data")
    plain = load("flickr25k[queries=5,train=10]", tmp_path / "data")
    split = tmp_path / "split"
    split.mkdir()
    (split / "test_img.txt").write_text("mirflickr/im3.jpg\nmirflickr/im30.jpg\n")
    (split / "train_img.txt").write_text("images/im5.jpg\nmirflickr/im5.jpg\n")
    turned = plain.labels[[2, 29]][:, ::-1]
    (split / "test_label.txt").write_text("".join(" ".join(map(str, row)) + " \n" for row in turned))
    data = load(f"flickr25k[split={split}]", tmp_path / "data")
    assert data.rows["query"].tolist() == [2, 29] and data.rows["train"].tolist() == [4, 4]
    assert len(data.rows["database"]) == 38 and data.facts["database_list"] == "all images but the queries"
    assert data.facts["query_labels_unlike_list"] == 0 and "train_labels_unlike_list" not in data.facts
    turned = turned.copy()
    turned[0, 0] ^= 1
    (split / "test_label.txt").write_text("".join(" ".join(map(str, row)) + " \n" for row in turned))
    assert load(f"flickr25k[split={split}]", tmp_path / "data").facts["query_labels_unlike_list"] == 1
    (split / "test_img.txt").write_text("mirflickr/im3.jpg\nmirflickr/im41.jpg\n")
    with pytest.raises(BadData, match=r"test_img\.txt:2: the data set has no image mirflickr/im41\.jpg"):
        load(f"flickr25k[split={split}]", tmp_path / "data")


def test_one_folder_holds_data_sets_by_name_and_split_files_come_from_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layouts.flickr25k(tmp_path / "all" / "flickr25k")
    monkeypatch.setenv("HASHBENCH_DATA", str(tmp_path / "all"))
    done = hashbench("data", "check", "flickr25k[queries=5,train=10]")
    assert done.returncode == 0 and "flickr25k: 40 images, 38 labels; split: drawn uniform by seed 0" in done.stdout, done.stderr
    (tmp_path / "split").mkdir()
    for stem, number in (("test", 3), ("train", 4)):
        (tmp_path / "split" / f"{stem}_img.txt").write_text(f"mirflickr/im{number}.jpg\n")
    done = hashbench("data", "check", "flickr25k", "--split", str(tmp_path / "split"))
    assert done.returncode == 0 and "split: released files" in done.stdout, done.stderr
    done = hashbench("targets", "show", "--dataset", "flickr25k", "--split", str(tmp_path / "split"), "--protocol", "published")
    assert done.returncode == 0 and "queries: 1;" in done.stdout, done.stderr
    done = hashbench("data", "check", "shapes", "--split", str(tmp_path / "split"))
    assert done.returncode == 2 and "leave --split out" in done.stderr
