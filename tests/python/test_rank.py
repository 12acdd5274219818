"""Codes made elsewhere, ranked: from files, arrays and tensors, against brute force."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from helpers import hashbench
from hypothesis import given, settings
from hypothesis import strategies as st

from hashbench.errors import BadData, UserError
from hashbench.python import spreading
from hashbench.python.ranking import rank

Codes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def drawn(seed: int, queries: int = 5, items: int = 40, bits: int = 4, classes: int = 3) -> Codes:
    """Few bits, so that nearly all distances are tied."""
    rng = np.random.default_rng(seed)
    codes = [rng.choice([-1, 1], (count, bits)).astype(np.int8) for count in (queries, items)]
    labels = [(rng.random((count, classes)) < 0.4).astype(np.uint8) for count in (queries, items)]
    return codes[0], labels[0], codes[1], labels[1]


def ap(order: list[int], relevant: np.ndarray) -> float:
    ranks = [position for position, item in enumerate(order, 1) if relevant[item]]
    return sum(i / position for i, position in enumerate(ranks, 1)) / len(ranks) if ranks else 0.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_map_and_its_bounds_are_those_of_all_tie_orders(seed: int) -> None:
    codes, labels, database, of_database = drawn(seed, queries=3, items=7, bits=2)
    found = rank(codes, labels, database, of_database, tops=(1, 3)).table.set_index("metric").value
    means, worst, best, first = [], [], [], []
    for code, label in zip(codes, labels, strict=True):
        relevant = (of_database @ label.astype(int)) > 0
        distances = (database != code).sum(1)
        orders = [order for order in permutations(range(7)) if all(distances[a] <= distances[b] for a, b in pairwise(order))]
        aps = [ap(list(order), relevant) for order in orders]
        means.append(np.mean(aps))
        worst.append(min(aps))
        best.append(max(aps))
        first.append(np.mean([[relevant[list(order[:n])].mean() for n in (1, 3)] for order in orders], axis=0))
    expected = {"map": means, "map_worst_ties": worst, "map_best_ties": best}
    assert {name: found[name] for name in expected} == pytest.approx({name: np.mean(values) for name, values in expected.items()})
    assert [found["precision@1"], found["precision@3"]] == pytest.approx(np.mean(first, axis=0))


def test_files_arrays_and_tensors_say_the_same(tmp_path: Path) -> None:
    given = drawn(1)
    names = [tmp_path / name for name in ("q.npy", "ql.txt", "d.txt", "dl.npy")]
    np.save(names[0], given[0] > 0)
    names[1].write_text("\n".join(f"images/{i}.jpg " + " ".join(map(str, row)) + " " for i, row in enumerate(given[1])))
    np.savetxt(names[2], given[2] > 0, fmt="%d")
    np.save(names[3], given[3])
    table = rank(*given, tops=(1, 5)).table
    assert rank(*map(torch.from_numpy, given), tops=(1, 5)).table.equals(table)
    flags = [f"--{which}" for which in ("query-codes", "query-labels", "database-codes", "database-labels")]
    asked = [part for pair in zip(flags, map(str, names), strict=True) for part in pair]
    done = hashbench("rank", *asked, "--top", "1", "--top", "5", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    value, low, high = table.set_index("metric").loc["map"]
    assert f"{value:.4f}" in done.stdout and f"{low:.4f} to {high:.4f}" in done.stdout
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out" / "table.csv"), table, check_exact=True)
    curve = pd.read_csv(tmp_path / "out" / "curve.csv")
    assert list(curve.radius) == [0, 1, 2, 3, 4] and curve.recall.iloc[-1] == pytest.approx(
        (given[1] @ given[3].T > 0).any(1).mean()
    )
    assert (curve.recall.diff().dropna() >= 0).all() and (curve.recall_low <= curve.recall).all()
    assert (tmp_path / "out" / "curve.pdf").read_bytes()[:4] == b"%PDF" and "recall" in (tmp_path / "out" / "curve.svg").read_text()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 39), max_size=4), st.booleans())
def test_shards_of_a_database_count_like_the_whole(cuts: list[int], numbers: bool) -> None:
    codes, labels, database, of_database = drawn(4)
    if numbers:
        labels, of_database = np.arange(5) % 3, np.arange(40) % 7
    edges = sorted({0, 40, *cuts})
    shards = [slice(*edge) for edge in pairwise(edges)]
    found = rank(codes, labels, [database[part] for part in shards], [of_database[part] for part in shards], tops=(1, 40))
    assert found.table.equals(rank(codes, labels, database, of_database, tops=(1, 40)).table)


def test_shards_on_workers_count_like_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    given = drawn(5)
    monkeypatch.chdir(tmp_path)
    for i, part in enumerate((slice(0, 11), slice(11, 40))):
        np.save(f"codes{i}.npy", given[2][part])
        np.save(f"labels{i}.npy", given[3][part])
    whole, shards = rank(*given, tops=(1,)).table, [[f"{name}{i}.npy" for i in (0, 1)] for name in ("codes", "labels")]
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as client:
        monkeypatch.setattr(spreading, "local_cluster", lambda workers: nullcontext(client))
        assert rank(*given[:2], *shards, tops=(1,), workers=1).table.equals(whole)
        with pytest.raises(BadData, match="3 bits, database codes 4"):
            rank(given[0][:, :3], given[1], *shards, workers=1)
    with pytest.raises(UserError, match="give one of them"):
        rank(*given, workers=2, scheduler="tls://127.0.0.1:1")
    with pytest.raises(BadData, match="1 shards of database codes and 2 of labels"):
        rank(*given[:2], shards[0][:1], shards[1])


@pytest.mark.slow
def test_shards_on_processes_of_this_machine_from_the_command_line(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    given = drawn(6)
    asked = []
    for flag, values in zip(("query-codes", "query-labels"), given, strict=False):
        np.save(tmp_path / f"{flag}.npy", values)
        asked += [f"--{flag}", f"{flag}.npy"]
    for i, part in enumerate((slice(0, 23), slice(23, 40))):
        for flag, values in (("database-codes", given[2]), ("database-labels", given[3])):
            np.save(tmp_path / f"{flag}{i}.npy", values[part])
            asked += [f"--{flag}", f"{flag}{i}.npy"]
    tables = []
    for extra in ([], ["--workers", "2"]):
        done = hashbench("rank", *asked, "--top", "1", *extra, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        tables.append(done.stdout)
    assert tables[0] == tables[1]
    assert f"{rank(*given, tops=(1,)).table.value[0]:.4f}" in tables[0]


def test_class_numbers_and_cut_offs() -> None:
    codes, _, database, _ = drawn(2)
    numbers = np.arange(5) % 3, np.arange(40) % 4
    hot = [np.eye(4, dtype=np.uint8)[which] for which in numbers]
    assert rank(codes, numbers[0], database, numbers[1]).table.equals(rank(codes, hot[0], database, hot[1]).table)
    cut = rank(codes, hot[0], database, hot[1], cutoff=5, normaliser="possible").table.set_index("metric").value
    assert cut["map@5"] <= rank(codes, hot[0], database, hot[1], cutoff=5).table.set_index("metric").value["map@5"]


def test_what_does_not_fit_is_a_sentence(tmp_path: Path) -> None:
    codes, labels, database, of_database = drawn(3)
    for wrong, said in (
        ((codes * 0.5, labels, database, of_database), "of outputs take the signs"),
        ((codes[0], labels, database, of_database), "codes are (rows, bits)"),
        ((codes[:, :3], labels, database, of_database), "3 bits, database codes 4"),
        ((codes[:3], labels, database, of_database), "3 query codes and 5 rows of query labels"),
        ((codes, labels[:, :2], database, of_database), "labels of 2 classes, the database of 3"),
        ((codes, np.arange(5), database, of_database), "of two kinds"),
        ((codes, labels * 2, database, of_database), "holds no labels"),
    ):
        with pytest.raises(BadData, match=said.replace("(", r"\(").replace(")", r"\)")):
            rank(*wrong)
    zeros = np.zeros((2, 4))
    zeros[0, 0], zeros[1, 1] = -1, 1
    with pytest.raises(BadData, match="the value 0 beside 1 and -1"):
        rank(zeros, labels[:2], database, of_database)
    np.savez(tmp_path / "two.npz", a=codes, b=codes)
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "words.txt").write_text("a b\n")
    np.save(tmp_path / "text.npy", np.array([["a", "b"]]))
    (tmp_path / "run.txt").write_text("0101\n1111\n")
    (tmp_path / "classes.txt").write_text("0\n1\n1\n0\n1\n")
    several = [0, 1, 1, 0, 1]
    numbers = np.arange(40) % 2
    by_file = rank(codes, tmp_path / "classes.txt", database, numbers).table
    assert by_file.equals(rank(codes, np.array(several), database, numbers.astype(float)).table)
    with pytest.raises(BadData, match="holds no labels"):
        rank(codes, np.array(several)[:, None], database, numbers[:, None])
    with pytest.raises(BadData, match="precision at 50 of a database of 40"):
        rank(codes, labels, database, of_database, tops=(1, 50))
    with pytest.raises(BadData, match="a cut-off at 99"):
        rank(codes, labels, database, of_database, cutoff=99)
    for name, said in (
        ("text.npy", "numbers of two values"),
        ("run.txt", "spaces between"),
        ("two.npz", "holds 2 arrays"),
        ("object.npy", "can't be read as an array"),
        ("words.txt", "rows of numbers"),
    ):
        with pytest.raises(BadData, match=said):
            rank(tmp_path / name, labels, database, of_database)
