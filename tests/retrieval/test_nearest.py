"""The first N against a sort of all rows, by every backend."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashbench.errors import UnknownName, UserError
from hashbench.retrieval import nearest
from hashbench.retrieval.nearest import finder
from hashbench.retrieval.packing import pack

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba, the extra hashbench[fast], is not installed")


@pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=NUMBA)])
@settings(max_examples=25, deadline=None)
@given(
    bits=st.sampled_from([1, 12, 32, 33, 64, 100, 128, 256]),
    rows=st.sampled_from([1, 7, 30, 5000]),
    share=st.floats(0, 1),
    tied=st.booleans(),
    seed=st.integers(0, 99),
)
def test_is_a_stable_sort(backend: str, bits: int, rows: int, share: float, tied: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool = rng.choice([-1, 1], (3 if tied else rows, bits))
    database, queries = pool[rng.integers(0, len(pool), rows)], rng.choice([-1, 1], (4, bits))
    count = max(round(share * rows), 1)
    ids, distances = finder(backend)(pack(queries), pack(database), bits, count)
    for code, found, away in zip(queries, ids, distances, strict=True):
        expected = (database != code).sum(1)
        order = sorted(range(rows), key=lambda row: (expected[row], row))[:count]
        assert found.tolist() == order
        assert away.tolist() == expected[order].tolist()


def test_an_unknown_or_missing_backend_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="did you mean 'numba'"):
        finder("nunba")
    monkeypatch.setattr(nearest, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="hashbench\\[fast\\]"):
        finder("numba")
    assert finder("auto").__module__.endswith("with_numpy")


def test_distances_are_faiss_s() -> None:
    faiss = pytest.importorskip("faiss", reason="faiss-cpu, of the extra hashbench[test], is not installed")
    rng = np.random.default_rng(0)
    database, queries = (rng.integers(0, 256, (count, 8), dtype=np.uint8) for count in (3000, 20))
    index = faiss.IndexBinaryFlat(64)
    index.add(database)
    expected, _ = index.search(queries, 100)
    _, distances = finder()(*(pack(np.unpackbits(one, axis=1)) for one in (queries, database)), 64, 100)
    assert (distances == expected).all()
