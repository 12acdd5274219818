"""Findings of a contract check, and the trial of a rule."""

from __future__ import annotations

import dataclasses
import inspect
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hashbench.contracts.plugin import options_of


@dataclass(frozen=True)
class Finding:
    """A rule of the contract that a plugin breaks: what is wrong and what to do, and where in the plugin if it is known."""

    rule: str
    says: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}" + (f" ({self.where})" if self.where else "")


class BrokenContract(AssertionError):
    """Raised by the `check_` helpers: every rule that a plugin breaks, a line each."""

    def __init__(self, plugin: object, findings: list[Finding]) -> None:
        super().__init__("\n".join([f"{type(plugin).__name__} breaks its contract:", *(f"  {finding}" for finding in findings)]))


class Trial:
    """Tries rules one by one; a rule that raises is a finding too, with the line of the plugin it came from."""

    def __init__(self, plugin: object) -> None:
        self.plugin = plugin
        self.findings: list[Finding] = []

    @contextmanager
    def rule(self, name: str, else_do: str) -> Iterator[Callable[[bool, str], None]]:
        """Within it, call what it gives with a condition and what is wrong where it does not hold. `else_do`: what to do."""

        def expect(holds: bool, wrong: str) -> None:
            if not holds:
                raise _Broken(wrong)

        try:
            yield expect
        except _Broken as broken:
            self.findings.append(Finding(name, f"{broken}; {else_do}."))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a stranger's plugin raises is what was looked for
            do = "mend that" if isinstance(error, _SLIPS) else else_do
            self.findings.append(Finding(name, f"it raises {type(error).__name__}: {error}; {do}.", self._line(error)))

    def _line(self, error: BaseException) -> str:
        try:
            file = inspect.getfile(type(self.plugin))
        except TypeError:
            return ""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        return f"{file}:{frames[-1].lineno}" if frames else ""


_SLIPS = (TypeError, AttributeError, NameError, LookupError)
"""Errors of the code itself, to which a rule's advice does not belong."""
_ODD = 987_654_321
"""A seed that no plugin sets by itself."""


class _Broken(Exception):
    pass


@contextmanager
def global_randomness(expect: Callable[[bool, str], None]) -> Iterator[None]:
    """Fails where torch's or NumPy's global generator is used, or set, inside; leaves both as they were."""
    kept = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002 - to put it back
    torch.set_rng_state(torch.Generator().manual_seed(_ODD).get_state())
    np.random.set_state(np.random.RandomState(_ODD).get_state())  # noqa: NPY002
    before = torch.get_rng_state(), _numpys()
    try:
        yield
        used = [
            name
            for name, same in (("torch's", torch.equal(before[0], torch.get_rng_state())), ("NumPy's", before[1] == _numpys()))
            if not same
        ]
    finally:
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
    expect(not used, f"it draws from {' and '.join(used)} global generator")


def _numpys() -> bytes:
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - to see that it stays as it is
    return bytes(state["state"]["key"]) + bytes([state["state"]["pos"] % 256])


def try_options(trial: Trial) -> None:
    """The rules all seven kinds share: a frozen dataclass, described, whose options survive JSON."""
    plugin: Any = trial.plugin
    with trial.rule("dataclass", "decorate the class with @dataclass(frozen=True)") as expect:
        expect(dataclasses.is_dataclass(plugin), "it is no dataclass")
        expect(bool(type(plugin).__dataclass_params__.frozen), "it is not frozen")
    with trial.rule("description", "give the class a docstring whose first line says what it is") as expect:
        text = type(plugin).__doc__ or ""
        generated = text.startswith(f"{type(plugin).__name__}(")
        expect(bool(text.strip()) and not generated, "it has no docstring")
    with trial.rule("options", "let options be numbers, text, true or false, or lists of these") as expect:
        again = json.loads(json.dumps(options_of(plugin)))
        expect(type(plugin)(**again) == plugin, "its options are others after a way through JSON")


def survives(tensors: dict[str, torch.Tensor]) -> bool:
    """Whether a dict of tensors comes back the same from safetensors."""
    from safetensors.torch import load, save

    again = load(save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}))
    return again.keys() == tensors.keys() and all(torch.equal(again[name], tensors[name].detach().cpu()) for name in tensors)
