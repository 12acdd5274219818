"""The memory allocator is asked to keep freed buffers, where there is one that can be asked."""

from __future__ import annotations

import ctypes
import os
from types import SimpleNamespace

import pytest

from hashbench.engine.machine.memory import keep_freed_memory


def test_both_thresholds_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[int, int] = {}
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=asked.__setitem__))
    keep_freed_memory()
    assert asked == {-3: 2**25, -1: 2**31 - 1}


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    keep_freed_memory()


def test_where_programs_have_no_c_library_to_ask_none_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("loaded"))
    keep_freed_memory()
