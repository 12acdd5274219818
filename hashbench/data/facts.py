"""Facts about data for every result made on it: counts, label statistics, duplicates, leaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SPLITS = ("train", "database", "query")


def label_facts(labels: np.ndarray, rows: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """For each split: rows, rows without a label, mean and largest number of classes of a row, distinct label vectors."""
    facts: dict[str, Any] = {"classes": labels.shape[1]}
    for split in SPLITS:
        own = labels[rows[split]]
        cardinality = own.sum(1)
        counts = np.unique(np.packbits(own, axis=1), axis=0, return_counts=True)[1] if len(own) else np.zeros(0)
        facts |= {
            f"{split}_rows": len(own),
            f"{split}_without_label": int((cardinality == 0).sum()),
            f"{split}_cardinality": round(float(cardinality.mean()), 4) if len(own) else 0.0,
            f"{split}_cardinality_max": int(cardinality.max(initial=0)),
            f"{split}_label_vectors": len(counts),
            f"{split}_vectors_over_9": int((counts > 9).sum()),
            f"{split}_vectors_once": int((counts == 1).sum()),
        }
    return facts


def split_facts(rows: Mapping[str, np.ndarray], identity: np.ndarray) -> dict[str, Any]:
    """Duplicates within splits and leaks between them. `identity` (pool,): equal for equal images."""
    same = {split: identity[rows[split]] for split in SPLITS}
    facts = {f"{split}_duplicates": len(same[split]) - len(np.unique(same[split])) for split in SPLITS}
    facts["queries_in_database"] = int(np.isin(same["query"], same["database"]).sum())
    facts["queries_in_train"] = int(np.isin(same["query"], same["train"]).sum())
    facts["train_outside_database"] = int((~np.isin(same["train"], same["database"])).sum())
    return facts


def identities(hashes: np.ndarray) -> np.ndarray:
    """(pool,) equal for equal rows of (pool, 32) uint8; an image without a hash (zeros) is equal to no other."""
    rows = np.ascontiguousarray(hashes).view(f"V{hashes.shape[1]}").ravel()
    identity = np.unique(rows, return_inverse=True)[1].astype(np.int64)
    unknown = ~hashes.any(axis=1)
    identity[unknown] = len(hashes) + np.arange(int(unknown.sum()))
    return identity
