"""Packed rows against the plain arrays they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashbench.retrieval.packing import distinct, hamming, pack, shares_class

widths = st.sampled_from([1, 5, 8, 21, 32, 33, 64, 65, 130])


@settings(max_examples=40, deadline=None)
@given(widths, st.integers(0, 40), st.integers(0, 1000))
def test_distinct_rows_are_numpy_s(width: int, count: int, seed: int) -> None:
    few = np.random.default_rng(seed).integers(0, 2, (3, width), dtype=np.uint8)
    few[:, :-2] = few[0, :-2]  # the last bits decide
    rows = few[np.random.default_rng(seed + 1).integers(0, 3, count)]
    for found, wanted in zip(distinct(rows), np.unique(rows, axis=0, return_counts=True), strict=True):
        assert np.array_equal(found, wanted)


@settings(max_examples=40, deadline=None)
@given(widths, st.integers(0, 1000))
def test_several_rows_at_once_are_each_alone_and_the_plain_comparison(width: int, seed: int) -> None:
    some, many = (np.random.default_rng(seed + n).integers(0, 2, (n, width), dtype=np.uint8) for n in (3, 7))
    apart = hamming(pack(some), pack(many))
    assert np.array_equal(apart, (some[:, None] != many).sum(2))
    few, others = (np.random.default_rng(seed).random((n, width)) < 1 / width**0.5 for n in (3, 7))  # most pairs share none or one
    shared = shares_class(pack(few), pack(others))
    assert np.array_equal(shared, (few[:, None] & others).any(2))
    for row in range(3):
        assert np.array_equal(hamming(pack(some)[row], pack(many)), apart[row])
        assert np.array_equal(shares_class(pack(few)[row], pack(others)), shared[row])


@pytest.mark.parametrize(("width", "word"), [(32, np.uint32), (33, np.uint64)])
def test_a_row_takes_as_few_words_as_hold_it(width: int, word: type) -> None:
    packed = pack(np.ones((2, width)))
    assert packed.dtype == word and packed.shape == (2, 1)
