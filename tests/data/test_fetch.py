"""Archives: downloaded from a folder that stands for the server, checked, gone on with, unpacked."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from pathlib import Path

import layouts
import pytest
from helpers import hashbench

from hashbench.contracts.run import Silent
from hashbench.data import fetch
from hashbench.data.fetch import Archive, fetch_archive
from hashbench.errors import UserError


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """CIFAR-10 as an archive on a server."""
    layouts.cifar10(tmp_path / "original")
    file = Path(shutil.make_archive(str(tmp_path / "cifar-10-python"), "gztar", tmp_path / "original"))
    archive = Archive(file.as_uri(), hashlib.md5(file.read_bytes()).hexdigest())
    monkeypatch.setitem(fetch.ARCHIVES, "cifar10", (archive,))
    return archive


def test_fetch_then_check(tmp_path: Path, served: Archive) -> None:
    done = hashbench("data", "fetch", "cifar10", "--data", str(tmp_path / "data"))
    assert done.returncode == 0 and served.md5 in done.stdout, done.stderr
    done = hashbench("data", "check", "cifar10", "--data", str(tmp_path / "data"))
    assert done.returncode == 0 and "sound" in done.stdout and "590" in done.stdout, done.stderr


def test_another_file_than_published_is_set_aside(tmp_path: Path, served: Archive) -> None:
    with pytest.raises(UserError, match=r"has MD5 \w+, not 0+ as published"):
        fetch_archive(dataclasses.replace(served, md5="0" * 32), tmp_path / "data", Silent())
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [f"{served.name}.wrong"]


def test_what_cannot_be_had_is_a_sentence(tmp_path: Path, served: Archive) -> None:
    with pytest.raises(UserError, match="could not be downloaded"):
        fetch_archive(Archive((tmp_path / "nowhere.zip").as_uri(), ""), tmp_path / "data", Silent())
    for name, sentence in {"nuswide": "on request", "cifar": "did you mean 'cifar10'"}.items():
        done = hashbench("data", "fetch", name, "--data", str(tmp_path))
        assert done.returncode == 2 and sentence in done.stderr


def test_an_archive_cannot_write_outside(tmp_path: Path) -> None:
    import io
    import tarfile

    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        entry = tarfile.TarInfo("../outside.txt")
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(UserError, match="could not be unpacked"):
        fetch_archive(Archive((tmp_path / "bad.tar").as_uri(), ""), tmp_path / "data", Silent())
    assert not (tmp_path / "outside.txt").exists()
