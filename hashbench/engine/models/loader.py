"""From the text of `--model` to a model: a Python function, a file with its own code, or a toolkit's weights."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from hashbench.contracts.model import Model
from hashbench.contracts.weights import file_sha256
from hashbench.engine.models.archives import SUFFIXES, read_archive
from hashbench.engine.models.toolkits import TOOLKITS, toolkit_model
from hashbench.errors import UserError
from hashbench.plugins.fingerprint import module_hash
from hashbench.plugins.registry import import_file

_FORMS = (
    "give zoo:NAME, ./file.py:load (load is a function of it), module:load, a TorchScript or torch.export file, or "
    f"TOOLKIT:ARCHITECTURE:FILE (toolkits: {', '.join(TOOLKITS)})"
)


@dataclass(frozen=True)
class Loader:
    """Loads a model anew, in this process or in another. Calling it raises UserError for anything that gives no model."""

    spelled: str

    @property
    def _parts(self) -> tuple[str, str]:
        place, _, name = self.spelled.rpartition(":")
        return place, name

    @property
    def _toolkit(self) -> bool:
        return self.spelled.partition(":")[0] in TOOLKITS

    @property
    def _file(self) -> Path | None:
        """The file of a network or of its weights; None where Python code loads it."""
        if self._toolkit:
            return Path(self.spelled.split(":", 2)[2])
        return Path(self.spelled) if self.spelled.endswith(SUFFIXES) else None

    @property
    def name(self) -> str:
        """The text without folders."""
        file = self._file
        if file is not None:
            return self.spelled.removesuffix(file.as_posix()) + file.name
        place, name = self._parts
        return f"{Path(place).name}:{name}" if place.endswith(".py") else self.spelled

    def content(self) -> str:
        """A hash of the file, or of the code, that the model is loaded by."""
        file = self._file
        if file is not None:
            return file_sha256(file)
        return f"{module_hash(self._module())} {self._parts[1]}"

    def __call__(self) -> Model:
        file = self._file
        if file is not None and self._toolkit:
            toolkit, architecture, _ = self.spelled.split(":", 2)
            return toolkit_model(toolkit, architecture, file)
        if file is not None:
            return Model(read_archive(file))
        place, name = self._parts
        module = self._module()
        if not hasattr(module, name):
            raise UserError(
                f"--model {self.spelled}: {place} has no '{name}': define a function of that name that returns the network."
            )
        return as_model(_loaded(self.name, getattr(module, name)))

    def _module(self) -> ModuleType:
        place, _ = self._parts
        beside = str(Path(place).parent)
        if place.endswith(".py") and beside not in sys.path:
            sys.path.append(beside)  # for what the file imports, now and when it is called
        try:
            module: ModuleType = import_file(place) if place.endswith(".py") else importlib.import_module(place)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise UserError(f"the model {self.name} could not be imported: {type(error).__name__}: {error}.") from error
        return module


@dataclass(frozen=True)
class Published(Loader):
    """Loads the network of a card."""

    called: str = ""

    @property
    def name(self) -> str:
        return self.called


def _loaded(name: str, made: Any) -> Any:
    """The module itself, or what the function gives. Raises UserError where it fails."""
    if isinstance(made, nn.Module) or not callable(made):
        return made
    try:
        return made()
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        reason = (str(error) or "no message").splitlines()[0]
        raise UserError(f"the model {name} could not be loaded: {type(error).__name__}: {reason}.") from error


def as_model(made: Any) -> Model:
    """A model from a network, or as it is."""
    return made if isinstance(made, Model) else Model(made)


def loader_of(text: str) -> Loader:
    """The loader of a text, wherever the process goes from here."""
    if text.partition(":")[0] in TOOLKITS:
        toolkit, _, rest = text.partition(":")
        architecture, colon, file = rest.partition(":")
        if not colon:
            raise UserError(f"--model is '{text}': give {toolkit}:ARCHITECTURE:FILE, as in {toolkit}:AlexNet:weights.pth.")
        return Loader(f"{toolkit}:{architecture}:{Path(file).resolve()}")
    if text.startswith("zoo:"):
        raise UserError(f"'{text}' is a hasher of the zoo, which needs no loader here.")
    place, colon, name = text.rpartition(":")
    if place.endswith(".py"):
        return Loader(f"{Path(place).resolve()}:{name}")
    if not (place and name if colon else text.endswith(SUFFIXES)):
        raise UserError(f"--model is '{text}': {_FORMS}.")
    return Loader(text if colon else str(Path(text).resolve()))
