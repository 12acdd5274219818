"""Target pools, draws, floors and files."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from hashbench.cli.main import group
from hashbench.data.dataset import RetrievalData
from hashbench.engine.stages.targets import class_distances, read_targets
from hashbench.engine.targets.pool import TargetPool, draw_labels, floors_of, pick_queries
from hashbench.errors import BadData, UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.protocols.protocol import PROTOCOLS
from hashbench.retrieval import HammingRanking

FAIR, RELEASE = PROTOCOLS["harmonised"], PROTOCOLS["published"]


def data_of(database: list[list[int]], queries: list[list[int]], train: list[list[int]] | None = None) -> RetrievalData:
    train = database[:1] if train is None else train
    labels = np.array([*train, *database, *queries], dtype=np.uint8)
    ends = np.cumsum([0, len(train), len(database), len(queries)])
    rows = {split: np.arange(ends[i], ends[i + 1]) for i, split in enumerate(("train", "database", "query"))}
    return RetrievalData(
        "made", ("a", "b", "c")[: labels.shape[1]], labels, rows, 8, lambda i: np.zeros((3, 8, 8), np.uint8), "", ""
    )


DATABASE = [[1, 0, 0]] * 12 + [[0, 1, 0]] * 12 + [[0, 1, 1]] * 11 + [[0, 0, 1]] * 3 + [[0, 0, 0]] * 20


def test_targets_follow_the_protocol() -> None:
    data, picked = data_of(DATABASE, [[1, 0, 0]] * 400), np.arange(400)
    targets, facts = draw_labels(data, picked, FAIR, 0)
    found, counts = np.unique(targets, axis=0, return_counts=True)
    assert found.tolist() == [[0, 1, 0], [0, 1, 1]] and counts.min() > 150
    assert facts["overlap"] == 0 and facts["min_images"] == 10
    every, _ = draw_labels(data, picked, RELEASE, 0)
    assert len(np.unique(every, axis=0)) == 5
    again, _ = draw_labels(data, picked[100:], FAIR, 0)
    assert np.array_equal(again, targets[100:])
    other, _ = draw_labels(data, picked, FAIR, 1)
    assert not np.array_equal(other, targets)


def test_other_pools() -> None:
    data = data_of(DATABASE, [[1, 0, 0]] * 50, train=[[0, 0, 1]] * 10)
    picked = np.arange(50)
    from_train, _ = draw_labels(data, picked, dataclasses.replace(FAIR, pool="train"), 0)
    assert np.unique(from_train, axis=0).tolist() == [[0, 0, 1]]
    single, facts = draw_labels(data, picked, dataclasses.replace(FAIR, targets="single"), 0)
    assert np.unique(single, axis=0).tolist() == [[0, 0, 1], [0, 1, 0]] and facts["pool"] == 3
    rare, _ = draw_labels(data, picked, dataclasses.replace(FAIR, targets="single", min_images=15), 0)
    assert np.unique(rare, axis=0).tolist() == [[0, 1, 0]]
    distances = np.tile([0.0, 2.0, 1.0], (50, 1))
    near, _ = draw_labels(data, picked, dataclasses.replace(FAIR, targets="nearest"), 0, distances)
    far, _ = draw_labels(data, picked, dataclasses.replace(FAIR, targets="farthest"), 0, distances)
    assert np.unique(near, axis=0).tolist() == [[0, 0, 1]] and np.unique(far, axis=0).tolist() == [[0, 1, 0]]


def test_distances_are_to_the_mean_image_of_each_class() -> None:
    class Small:
        data = data_of([[1, 0, 0], [1, 0, 0], [0, 1, 0]], [[1, 0, 0]])
        pixels = np.stack([np.full((3, 8, 8), value, dtype=np.uint8) for value in (0, 0, 102, 255, 51)])

    distances = class_distances(Small, np.array([0]))  # type: ignore[arg-type]
    assert distances[0, 0] == pytest.approx(0.0, abs=1e-5) and distances[0, 1] == pytest.approx(0.8 * np.sqrt(192), rel=1e-5)
    assert np.isnan(distances[0, 2])


def test_a_class_without_database_images_is_never_the_farthest() -> None:
    data = data_of([[0, 1, 0]] * 12, [[1, 0, 0]] * 3, train=[[0, 1, 0]] * 5 + [[0, 0, 1]] * 5)
    protocol = dataclasses.replace(FAIR, targets="farthest", pool="train", min_images=1)
    labels, _ = draw_labels(data, np.arange(3), protocol, 0, np.tile([0.0, 1.0, np.nan], (3, 1)))
    assert labels.tolist() == [[0, 1, 0]] * 3
    with pytest.raises(BadData, match="no database image"):
        draw_labels(data, np.arange(3), protocol, 0, np.tile([0.0, np.nan, np.nan], (3, 1)))


def test_pool_shrinks_only_as_far_as_needed_and_no_target_is_a_sentence() -> None:
    data = data_of([[1, 0]] * 20 + [[0, 1]] * 4, [[1, 0]])
    targets, facts = draw_labels(data, np.arange(1), FAIR, 0)
    assert targets.tolist() == [[0, 1]] and facts["min_images"] == 4
    with pytest.raises(BadData, match=r"query 0 .* no possible target"):
        draw_labels(data_of([[1, 0]] * 20, [[1, 0]]), np.arange(1), FAIR, 0)


def test_floors_equal_the_rankings_and_expectations_the_mean_of_many_draws() -> None:
    data = data_of(DATABASE, [[1, 0, 0], [0, 0, 1]] * 1500)
    picked = np.arange(3000)
    labels, facts = draw_labels(data, picked, RELEASE, 0)
    ranking = HammingRanking(np.ones((5, 4)), labels[:5])
    ranking.update(np.ones((58, 4)), data.split_labels("database"))
    floors = floors_of(labels, data.split_labels("database"))
    assert floors[:5] == pytest.approx(ranking.floor(), abs=1e-12)
    for protocol in (RELEASE, FAIR):
        labels, facts = draw_labels(data, picked, protocol, 0)
        floors = floors_of(labels, data.split_labels("database"))
        expected = TargetPool.of(data, picked, protocol).expectations()
        assert expected["floor"] == pytest.approx(floors.mean(), abs=0.02)
        assert expected["floor_deviation"] == pytest.approx(floors.std(), abs=0.02)
        assert expected["overlap"] == pytest.approx(facts["overlap"], abs=0.03)
        assert expected["floor_p5"] <= expected["floor"] <= expected["floor_p95"]


def test_the_release_pools_of_flickr25k_have_the_floors_that_were_measured(shared: Path) -> None:
    data = registry.load("datasets", "lists")().load(shared / "data" / "lists" / "flickr25k", 224)
    picked = pick_queries(len(data.rows["query"]), None, 0)
    measured = {"published": 0.667, "published-train": 0.639, "published-p2p": 0.620, "published-dhta": 0.571}
    floors = {name: TargetPool.of(data, picked, PROTOCOLS[name]).expectations()["floor"] for name in measured}
    assert floors == pytest.approx(measured, abs=0.0011)


def test_a_target_file_goes_round_and_is_refused_where_it_does_not_belong(tmp_path: Path) -> None:
    runner = CliRunner()
    file, small = tmp_path / "t.json", "shapes[train=64,database=128,queries=8]"
    done = runner.invoke(group, ["targets", "make", "--dataset", small, "--queries", "5", "-o", str(file)], catch_exceptions=False)
    assert done.exit_code == 0 and "5 queries of shapes" in done.output
    data = configure("datasets", small).load(None, 32)
    targets = read_targets(file, data, FAIR)
    assert done.output.strip().endswith(targets.sha256)
    expected, _ = draw_labels(data, targets.queries, FAIR, 0)
    assert np.array_equal(targets.labels, expected)
    shown = runner.invoke(group, ["targets", "show", str(file), "--dataset", small], catch_exceptions=False)
    assert targets.sha256 in shown.output and "0.0%" in shown.output
    with pytest.raises(UserError, match="other labels or splits"):
        read_targets(file, configure("datasets", "shapes[train=64,database=129,queries=8]").load(None, 32), FAIR)
    with pytest.raises(UserError, match="another rule"):
        read_targets(file, data, RELEASE)
    content = json.loads(file.read_text())
    for change, sentence in (
        ({"queries": [9999, *content["queries"][1:]]}, "entry 1: the query 9999"),
        ({"queries": [-1, *content["queries"][1:]]}, "entry 1: the query -1"),
        ({"queries": [content["queries"][0], content["queries"][0], *content["queries"][2:]]}, "entry 2: the query"),
        ({"targets": [*content["targets"][:4], [99]]}, r"entry 5: the target \[99\]"),
        ({"targets": [*content["targets"][:4], "x"]}, "entry 5: the target 'x'"),
        ({"targets": [*content["targets"][:4], []]}, "entry 5: protocol harmonised wants"),
        ({"queries": [], "targets": []}, "not a target file"),
        ({"facts": []}, "not a target file"),
    ):
        file.write_text(json.dumps(content | change))
        with pytest.raises(UserError, match=sentence):
            read_targets(file, data, FAIR)
    own = np.flatnonzero(data.split_labels("query")[content["queries"][0]]).tolist()
    file.write_text(json.dumps(content | {"targets": [own, *content["targets"][1:]]}))
    with pytest.raises(UserError, match="entry 1: protocol harmonised wants"):
        read_targets(file, data, FAIR)
    file.write_text(json.dumps({"schema": 1}))
    with pytest.raises(UserError, match="not a target file"):
        read_targets(file, data, FAIR)
    file.write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        read_targets(file, data, FAIR)


def test_show_prints_each_protocols_floor() -> None:
    done = CliRunner().invoke(
        group, ["targets", "show", "--dataset", "shapes[train=64,database=128,queries=8]"], catch_exceptions=False
    )
    assert done.exit_code == 0
    assert all(f"protocol {name} version {protocol.version}" in done.output for name, protocol in PROTOCOLS.items())
    assert done.output.count("floor of t-MAP") == len(PROTOCOLS)


def test_targets_found_by_image_are_not_drawn_from_labels(tmp_path: Path) -> None:
    protocol = tmp_path / "near.toml"
    protocol.write_text('name = "near"\nversion = 1\ntargets = "nearest"')
    with pytest.raises(UserError, match="found by the images"):
        CliRunner().invoke(
            group, ["targets", "make", "--protocol", str(protocol), "-o", str(tmp_path / "t")], catch_exceptions=False
        )


def test_targets_of_random_images_are_as_likely_as_their_images() -> None:
    data, picked = data_of(DATABASE, [[1, 0, 0]] * 2000), np.arange(2000)
    by_image = dataclasses.replace(RELEASE, targets="images")
    targets, _ = draw_labels(data, picked, by_image, 0)
    share = {tuple(row): (targets == row).all(1).mean() for row in np.unique(targets, axis=0)}
    held = {tuple(row): DATABASE.count(row) / len(DATABASE) for row in map(list, dict.fromkeys(map(tuple, DATABASE)))}
    assert share == pytest.approx(held, abs=0.03)
    pool = TargetPool.of(data, picked, by_image)
    assert pool.expectations()["floor"] == pytest.approx(
        sum(held[tuple(row)] * floor for row, floor in zip(pool.vectors, pool.floors, strict=True))
    )


LISTS = Path(__file__).parents[3] / "shared" / "data" / "lists"
FLOORS = {
    "published": "45.8",
    "published-dhta": "41.4",
    "published-p2p": "44.4",
    'base = "published"\ntargets = "images"': "31.3",
    'base = "harmonised"\nmin_images = 1': "34.4",
    "harmonised": "30.4",
}
"""Floors of t-MAP on NUS-WIDE's 193,734 database labels, in percent, by protocol."""


@pytest.mark.skipif(not LISTS.is_dir(), reason="the released label files are not beside the repository")
def test_floors_on_the_real_labels_of_nuswide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lists"
    shutil.copytree(LISTS / "nuswide", folder)
    folder.chmod(0o755)
    count = len((folder / "database_label.txt").read_text().splitlines())
    (folder / "database_img.txt").write_text("".join(f"database/{i}.jpg\n" for i in range(count)))
    for protocol, floor in FLOORS.items():
        name = protocol
        if "base" in protocol:
            name = str(tmp_path / "mine.toml")
            Path(name).write_text(f'name = "mine"\nversion = 1\n{protocol}\n')
        done = CliRunner().invoke(group, ["targets", "show", "--dataset", "lists", "--data", str(folder), "--protocol", name])
        assert done.exit_code == 0, done.output
        with capsys.disabled():
            click.echo(f"nuswide, {protocol!r}: {done.output.partition('over the pool: ')[2].splitlines()[0]}")
        assert f"expected over the pool: {floor}%" in done.output
