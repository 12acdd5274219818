"""Networks that come with their own code in a file: TorchScript and torch.export. No Python of theirs runs."""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import nn

from hashbench.errors import UserError

SUFFIXES = (".pt", ".pth", ".ts", ".jit", ".pt2")


def read_archive(file: Path) -> nn.Module:
    """The network of a file. Raises UserError for one that is missing, damaged or no network, and for unsafe pickles."""
    if not file.is_file():
        raise UserError(f"there is no model file {file}: give the path of one that is there.")
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except OSError as error:
        raise UserError(f"the model file {file} can't be read: {error.strerror}.") from error
    except zipfile.BadZipFile as error:
        raise UserError(
            f"{file} is no TorchScript or torch.export file: load weights in a Python file and give --model ./file.py:load."
        ) from error
    exported = any(name.endswith("/archive_format") for name in names)
    if not exported and not any("/code/" in name for name in names):
        raise UserError(
            f"{file} holds weights or a pickled object, no network: name its architecture as in "
            f"deephash-pytorch:AlexNet:{file.name}, or load it in a Python file and give --model ./file.py:load."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _exported(file, names) if exported else torch.jit.load(file, map_location="cpu")
    except UserError:
        raise
    except pickle.UnpicklingError as error:
        raise UserError(_unsafe(file)) from error
    except Exception as error:
        raise UserError(f"{file} can't be read as a network: {(str(error) or type(error).__name__).splitlines()[0]}.") from error


def _exported(file: Path, names: list[str]) -> nn.Module:
    """torch.export.load trusts pickles in the file: those that could run code are refused first."""
    if len(set(names)) < len(names):  # readers disagree on which of two is meant
        raise UserError(f"{file} holds two files of one name, and was not run: export the network again.")
    with zipfile.ZipFile(file) as archive:
        for name in names:
            if name.endswith("_config.json"):
                payloads = json.loads(archive.read(name)).get("config", {}).values()
                if not all(map(_is_tensor, payloads)):
                    raise UserError(_unsafe(file))
    with _tensors_only():
        module: nn.Module = torch.export.load(file).module()
    return module


def _is_tensor(payload: dict[str, Any]) -> bool:
    """Whether a payload of an archive is a plain tensor, by what its list says of it."""
    return not payload.get("use_pickle") and str(payload.get("path_name")).startswith(("weight_", "tensor_"))


@contextmanager
def _tensors_only() -> Iterator[None]:
    """torch.load takes tensors alone, whatever its caller asks for."""
    load = torch.load

    def careful(*args: Any, **given: Any) -> Any:
        return load(*args, **{**given, "weights_only": True})

    with mock.patch.object(torch, "load", careful):
        yield


def _unsafe(file: Path) -> str:
    return f"{file} holds pickled objects beside its tensors, and was not run: export the network without them."
