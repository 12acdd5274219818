"""Files that are whole or not there, and TOML and JSON that are read or told about."""

from __future__ import annotations

import glob
import json
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hashbench.disk.processes import may_be_alive, whoami
from hashbench.errors import StoreError, UserError

LARGEST_TEXT = 1 << 20
"""Bytes of a TOML file."""


def read_toml(file: Path, what: str) -> dict[str, Any]:
    """A user's TOML file; `what` it is, for the sentence where it can't be read. Raises UserError."""
    try:
        if file.stat().st_size > LARGEST_TEXT:
            raise UserError(f"{file} has more than {LARGEST_TEXT >> 20} MB: that is no TOML file of ours.")
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{what} {file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 text: save it as UTF-8.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{file} is not TOML: {error}.") from error


def read_json(
    file: Path, what: str, largest: int, *, damage: str = "is not JSON", kind: type[UserError] = UserError, **hooks: Any
) -> Any:
    """A JSON file of at most `largest` bytes. Raises an error of `kind` that says `what` it should be and how `damage` is called.

    `hooks` go to json.loads.
    """
    try:
        if file.stat().st_size > largest:
            raise kind(f"{file} has more than {largest >> 20} MB: that is no {what}.")
        return json.loads(file.read_text(encoding="utf-8"), **hooks)
    except OSError as error:
        raise kind(f"the {what} {file} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise kind(f"{file} {damage}: {str(error).splitlines()[0]}.") from error


def no_constant(name: str) -> None:
    """For `read_json`, as parse_constant: NaN and infinities are no JSON."""
    raise ValueError(f"{name} is no number of JSON")


def check_writable(folder: Path) -> None:
    """Raise UserError where a folder can't be made, or nothing can be written there."""
    try:
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        if not there.is_dir():
            raise UserError(f"{folder} can't be a folder, as {there} is a file: give another.")
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise UserError(f"{folder} is not writable ({error.strerror}): give another folder.") from error


def check_new_folder(folder: Path) -> None:
    """Raise UserError where a folder can't be made or written, or holds something already."""
    check_writable(folder)
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty: give another folder.")


def write_atomically(file: Path, content: str | bytes) -> None:
    """Replace a file whole: temporary name, fsync, rename. What killed processes left of it is removed."""
    data = content.encode() if isinstance(content, str) else content
    try:
        _write(file, data)
    except OSError as error:
        raise StoreError(f"{file} can't be written: {error.strerror}; make room there, or write elsewhere.") from error


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in file.parent.glob(f".{glob.escape(file.name)}.*"):
        if not may_be_alive(left.name.removeprefix(f".{file.name}.").rpartition("-")[0]):
            left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.{whoami()}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
