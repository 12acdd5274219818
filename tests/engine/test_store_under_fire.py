"""The store where things go wrong: damage in every kind of product, full disks, many processes, dead ones."""

from __future__ import annotations

import errno
import logging
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import TINY, hashbench

from hashbench.engine.store import store as stores
from hashbench.engine.store.inventory import products
from hashbench.engine.store.store import Store
from hashbench.errors import StoreError
from hashbench.results.cell import SCHEMA

ATTACKS = "dhta[steps=2],prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"


def results(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in [*sorted((out / "cells").iterdir()), out / "results.csv"]}


def test_a_flipped_byte_in_every_kind_of_product_is_detected_and_mended(tmp_path: Path) -> None:
    run = ["run", "--attack", ATTACKS, *TINY, "--store", str(tmp_path / "store"), "--out"]
    assert hashbench(*run, str(tmp_path / "one")).returncode == 0
    kinds = {}
    for product in products(tmp_path / "store"):
        for file in product.path.iterdir():
            kinds[product.stage, file.name] = file
    assert {stage for stage, _ in kinds} >= {
        "pixels",
        "trunk",
        "hasher",
        "codes",
        "targets",
        "aim",
        "aim-codes",
        "fitted-attack",
        "images",
    }
    for file in kinds.values():
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        done = hashbench("store", "verify", "--store", str(tmp_path / "store"))
        assert done.returncode == 1 and f"{file.parent.parent.name}/{file.parent.name}" in done.stderr, file
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    assert hashbench("store", "verify", "--store", str(tmp_path / "store")).returncode == 0
    for stage in {stage for stage, _ in kinds}:
        file = next(file for (own, name), file in kinds.items() if own == stage and name != "checksums.json")
        file.write_bytes(file.read_bytes() + b"x")
    assert hashbench(*run, str(tmp_path / "two")).returncode == 0
    assert results(tmp_path / "one") == results(tmp_path / "two")
    assert len(list((tmp_path / "store" / "damaged").iterdir())) == len({stage for stage, _ in kinds})
    freed = hashbench("store", "gc", "--store", str(tmp_path / "store"))
    assert freed.returncode == 0 and not list((tmp_path / "store" / "damaged").iterdir())


@pytest.mark.parametrize("after", [0, 1, 3, 6, 10, 15])
def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    writes = 0
    sync = os.fsync

    def full(handle: int) -> None:
        nonlocal writes
        writes += 1
        if writes > after * 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    run = ["run", "--attack", "fgsm", *TINY, "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        done = hashbench(*run)
    if done.returncode:
        assert done.returncode == 2 and "No space left" in done.stderr and "Traceback" not in done.stderr, done.stderr
    kept = products(tmp_path / "store")
    assert all(stores.is_sound(product.path) for product in kept) and not list((tmp_path / "store" / "tmp").iterdir())
    times = {product.name: (product.path / "made.json").stat().st_mtime_ns for product in kept}
    assert hashbench(*run).returncode == 0
    assert times.items() <= {p.name: (p.path / "made.json").stat().st_mtime_ns for p in products(tmp_path / "store")}.items()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match=r"is not writable .*give another with --store"):
        Store(tmp_path / "store")


def make_slowly(root: Path, made: str, ready: object) -> None:
    def make(folder: Path) -> None:
        with (root / made).open("a") as stream:
            stream.write("x")
        (folder / "product.txt").write_text("made")

    ready.wait()  # type: ignore[attr-defined]
    store = Store(root)
    for number in range(20):
        store.product("stage", {"number": number}, make)


def test_eight_processes_at_once_make_each_product_once(tmp_path: Path) -> None:
    Store(tmp_path)
    spawn = multiprocessing.get_context("fork")
    ready = spawn.Event()
    workers = [spawn.Process(target=make_slowly, args=(tmp_path, "made", ready)) for _ in range(8)]
    for worker in workers:
        worker.start()
    ready.set()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert len((tmp_path / "made").read_text()) == 20 and len(products(tmp_path)) == 20


HOLD = """
import sys, time
from pathlib import Path
from hashbench.engine.store.store import Store
def make(folder):
    print("holding", flush=True)
    sys.stdin.readline()
Store(Path(sys.argv[1])).product("stage", {}, make)
"""


def test_waiting_is_said_with_a_limit_and_a_dead_holder_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stores, "PATIENCE", 0.05)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == "holding\n"
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(StoreError, match=rf"process {holder.pid} on {socket.gethostname()} has been"),
    ):
        Store(tmp_path, wait=0.1).product("stage", {}, lambda folder: None)
    assert f"which process {holder.pid} on" in caplog.text
    drafts = list((tmp_path / "tmp").iterdir())
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    path = Store(tmp_path, wait=5.0).product("stage", {}, lambda folder: (folder / "a").write_text("a") and None)
    assert (path / "a").read_text() == "a" and len(drafts) == 1 and drafts[0].exists()
    done = hashbench("store", "gc", "--store", str(tmp_path))
    assert "the draft of a run that ended" in done.stdout and not drafts[0].exists() and path.exists()


def test_store_commands_show_what_stands_on_what_and_clear_stale_code(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "store")]
    assert hashbench("run", "--attack", "dhta[steps=2]", *TINY, *store, "--out", str(tmp_path / "out")).returncode == 0
    listed = hashbench("store", "list", *store).stdout.splitlines()
    names = [line.split()[0] for line in listed[:-1]]
    assert len(names) == len(products(tmp_path / "store")) and any(name.startswith("hasher/") for name in names)
    hasher = next(name for name in names if name.startswith("hasher/"))
    shown = hashbench("store", "show", hasher[:14], *store).stdout
    assert "stands on trunk/" in shown and "needed by codes/" in shown and "needed by controls/" not in shown
    assert hashbench("store", "show", "zzz", *store).returncode == 2
    assert "freed 0 bytes" in hashbench("store", "gc", *store).stdout
    key = tmp_path / "store" / hasher / "key.json"
    key.write_text(key.read_text().replace('"code": "', '"code": "0'))
    would = hashbench("store", "gc", "--dry-run", *store).stdout
    assert f"{hasher}: made by code that is no longer there" in would and "images/" in would and "trunk/" not in would
    assert (tmp_path / "store" / hasher).exists()
    hashbench("store", "gc", *store)
    left = {product.stage for product in products(tmp_path / "store")}
    assert (
        "trunk" in left and "pixels" in left and not left & {"hasher", "codes", "aim", "fitted-attack", "images", "attacked-codes"}
    )
    hashbench("store", "gc", "--older-than", "0", *store)
    assert not products(tmp_path / "store")
    shutil.rmtree(tmp_path / "store")
    assert hashbench("store", "list", *store).returncode == 0


def test_plan_makes_nothing_and_knows_what_is_there(tmp_path: Path) -> None:
    args = ["--attack", "dhta[steps=2]", *TINY, "--store", str(tmp_path / "store")]
    before = hashbench("plan", *args)
    assert before.returncode == 0 and "in the store: nothing" in before.stdout and "not measured in this store" in before.stdout
    assert not products(tmp_path / "store")
    assert hashbench("run", *args, "--out", str(tmp_path / "out")).returncode == 0
    made = {product.name for product in products(tmp_path / "store")}
    after = hashbench("plan", *args)
    assert "to be made: nothing" in after.stdout and "Nothing is to be made." in after.stdout
    more = hashbench("plan", *args[:1], "dhta[steps=3]", *args[2:])
    assert "in the store: pixels, trunk, features, hasher, targets, codes, aim, aim-codes, controls" in more.stdout
    assert "to be made: fitted-attack, images, attacked-codes" in more.stdout
    assert {product.name for product in products(tmp_path / "store")} == made


def test_deterministic_is_strict_inside_stages_and_said_in_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    import torch

    asked: list[tuple[bool, bool]] = []
    use = torch.use_deterministic_algorithms
    monkeypatch.setattr(
        torch,
        "use_deterministic_algorithms",
        lambda mode, *, warn_only=False: (asked.append((mode, warn_only)), use(mode, warn_only=warn_only)),
    )
    for flags, strict in (([], False), (["--deterministic"], True)):
        asked.clear()
        out = tmp_path / f"out{strict}"
        done = hashbench("run", "--attack", "noise", *TINY, *flags, "--store", str(tmp_path / str(strict)), "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert {warn for mode, warn in asked if mode} == {not strict}
        (cell,) = (json.loads(file.read_text()) for file in (out / "cells").glob("*.json"))
        assert (cell["made"]["environment"]["deterministic"] == "strict") is strict and cell["schema"] == SCHEMA
    assert not torch.are_deterministic_algorithms_enabled()
