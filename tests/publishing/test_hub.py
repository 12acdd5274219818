"""Hashers sent to a hub and taken from one, over the hub's own endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers import TINY, hashbench, process
from hub import Hub

import hashbench as hb


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    assert hashbench("hasher", "export", str(folder / "tiny"), *TINY, "--store", str(folder / "store")).returncode == 0
    return folder / "tiny"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    running = Hub()
    for name, value in {
        "HF_ENDPOINT": running.url,
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", running.url)
    template = running.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    yield running
    running.server.shutdown()
    running.server.server_close()


def test_a_hasher_goes_to_the_hub_and_comes_back(hub: Hub, exported: Path, tmp_path: Path) -> None:
    (exported / "notes.txt").write_text("not to be sent")
    sent = hashbench("hasher", "push", str(exported), "hf://someone/tiny")
    assert sent.returncode == 0, sent.stderr
    ((commit, files),) = hub.repositories["someone/tiny"]
    assert set(files) == {"hasher.json", "hasher.safetensors"} and f"hf://someone/tiny@{commit}" in sent.stdout
    hub.commit("someone/tiny", {"hasher.json": b"{}", "code.py": b"raise SystemExit"})
    store = ("--store", str(tmp_path / "store"))
    taken = process("hasher", "pull", f"hf://someone/tiny@{commit}", "--pin", "--name", "theirs", *store)
    assert taken.returncode == 0, taken.stderr
    assert commit in taken.stdout
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(hb.load("theirs", store=tmp_path / "store")(images), hb.load(str(exported))(images))
    assert not any("code.py" in path for path in hub.asked)
    moved = hashbench("hasher", "pull", "hf://someone/tiny", *store)
    assert moved.returncode == 2 and "is no card of a hasher" in moved.stderr


def test_what_a_hub_can_do_wrong_is_a_sentence(hub: Hub, exported: Path, tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store"))
    card = json.loads((exported / "hasher.json").read_text())
    changed = {
        "hasher.json": json.dumps(card | {"map": 0.99}).encode(),
        "hasher.safetensors": (exported / "hasher.safetensors").read_bytes(),
    }
    hub.commit("someone/changed", changed)
    hub.commit("someone/other", {"hasher.json": (exported / "hasher.json").read_bytes(), "hasher.safetensors": b"other"})
    hub.commit("someone/empty", {"README.md": b"nothing"})
    for name, said in {
        "hf://someone": "give hf://USER/NAME",
        "someone/tiny": "give hf://USER/NAME",
        "hf://someone/gone": "the hub did not answer for hf://someone/gone",
        "hf://someone/empty": "the hub did not answer for hf://someone/empty",
        "hf://someone/changed": "was changed after it was written",
        "hf://someone/other": "is not the file its card names",
        "hf://someone/changed@v1": "did not answer",
    }.items():
        done = hashbench("hasher", "pull", name, *store)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr, done.stderr
    pinned = hashbench("hasher", "pull", "hf://someone/changed@main", "--pin", *store)
    assert pinned.returncode == 2 and "add @ and its 40 digits" in pinned.stderr
    nothing = hashbench("hasher", "push", str(tmp_path), "hf://someone/tiny", *store)
    assert nothing.returncode == 2 and "imported hasher" in nothing.stderr
