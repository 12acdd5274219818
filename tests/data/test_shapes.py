"""The built-in data: a pure function of its seed, of any size."""

from __future__ import annotations

import numpy as np

from hashbench.plugins.configure import configure


def test_same_seed_same_images_and_any_size() -> None:
    one, same, other = (configure("datasets", text).load(None, 32) for text in ("shapes", "shapes", "shapes[seed=1]"))
    assert np.array_equal(one.decode(7), same.decode(7)) and one.content == same.content
    assert not np.array_equal(one.decode(7), other.decode(7)) and one.content != other.content
    assert configure("datasets", "shapes").load(None, 48).decode(7).shape == (3, 48, 48)


def test_default_splits_and_labels() -> None:
    data = configure("datasets", "shapes").load(None, 32)
    assert [len(data.rows[split]) for split in ("train", "database", "query")] == [2000, 4000, 200]
    assert data.labels.sum(1).min() == 1 and data.labels.sum(1).max() == 3 and data.labels.shape[1] == 12
    assert data.facts["queries_in_database"] == 0 and data.facts["train_outside_database"] == 0
