"""Ranking of codes that were made elsewhere, from arrays, tensors or files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from hashbench.data.codes import as_codes, as_labels, read_codes, read_labels, same_classes
from hashbench.errors import BadData
from hashbench.retrieval.cutoff import Normaliser
from hashbench.retrieval.ranked import TOPS, Ranked
from hashbench.retrieval.ranking import HammingRanking

Given = np.ndarray | Tensor | str | Path


def rank(
    query_codes: Given,
    query_labels: Given,
    database_codes: Given,
    database_labels: Given,
    *,
    tops: Sequence[int] = TOPS,
    cutoff: int | None = None,
    normaliser: Normaliser = "hits",
) -> Ranked:
    """Rank a database for every query by Hamming distance; its `table`, `curve` and `plot()` have what papers print.

    Each is an array, a tensor or a file (.npy, or text with a row a line). Codes (Q, K) and (N, K) of two values, K up to 256.
    Labels (Q, C) and (N, C) of 0 and 1, or one class number a row; an item is relevant where it shares a class with the query.
    `tops`: N of precision and recall at N. `cutoff`: MAP of the first N, its sum of precisions divided by the relevant items found
    there ('hits') or by those possible ('possible'). Raises BadData for files, values and shapes that don't fit.
    """
    queries, database = _codes(query_codes, "the query codes"), _codes(database_codes, "the database codes")
    own, theirs = _labels(query_labels, "the query labels"), _labels(database_labels, "the database labels")
    for split, codes, labels in (("query", queries, own), ("database", database, theirs)):
        if len(codes) != len(labels):
            raise BadData(
                f"there are {len(codes)} {split} codes and {len(labels)} rows of {split} labels: they are of other images."
            )
    if queries.shape[1] != database.shape[1]:
        raise BadData(f"query codes have {queries.shape[1]} bits, database codes {database.shape[1]}: they are of other hashers.")
    own, theirs = same_classes(own, theirs)
    for name, wanted in (("a cut-off", cutoff), ("precision", None if tops is TOPS else max(tops, default=0))):
        if wanted is not None and wanted > len(database):
            raise BadData(f"{name} at {wanted} of a database of {len(database)}: give at most that.")
    ranking = HammingRanking(queries, own)
    ranking.update(database, theirs)
    return Ranked(ranking, tuple(tops), cutoff, normaliser)


def _codes(given: Given, name: str) -> np.ndarray:
    return _of(given, name, read_codes, as_codes)


def _labels(given: Given, name: str) -> np.ndarray:
    return _of(given, name, read_labels, as_labels)


def _of(
    given: Given, name: str, read: Callable[[Path], np.ndarray], checked: Callable[[np.ndarray, str], np.ndarray]
) -> np.ndarray:
    if isinstance(given, str | Path):
        return read(Path(given))
    return checked(given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given), name)
