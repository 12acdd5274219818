"""Ranking of codes that were made elsewhere, from arrays, tensors or files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from hashbench.contracts.run import Progress, Silent
from hashbench.data.codes import as_codes, as_labels, in_classes_of, read_codes, read_labels
from hashbench.errors import BadData
from hashbench.python.given import widened
from hashbench.python.spreading import connected
from hashbench.retrieval.cutoff import Normaliser
from hashbench.retrieval.ranked import TOPS, Ranked
from hashbench.retrieval.ranking import HammingRanking

Given = np.ndarray | Tensor | str | Path


def rank(
    query_codes: Given,
    query_labels: Given,
    database_codes: Given | Sequence[Given],
    database_labels: Given | Sequence[Given],
    *,
    tops: Sequence[int] = TOPS,
    cutoff: int | None = None,
    normaliser: Normaliser = "hits",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Ranked:
    """Rank a database for every query by Hamming distance; its `table`, `curve` and `plot()` have what papers print.

    Each is an array, a tensor or a file (.npy, or text with a row a line). Codes (Q, K) and (N, K) of two values, K up to 256.
    Labels (Q, C) and (N, C) of 0 and 1, or one class number a row; an item is relevant where it shares a class with the query.
    The database may be a list of shards, of which one at a time is in memory: their distance counts add up, here or on `workers`
    (processes of this machine) or a `scheduler` (of a Dask cluster that sees the files), to the same numbers. `tops`: N of
    precision and recall at N. `cutoff`: MAP of the first N, its sum of precisions divided by the relevant items found there
    ('hits') or by those possible ('possible'). Raises BadData for files, values and shapes that don't fit.
    """
    queries = Queries(_codes(query_codes, "the query codes"), _labels(query_labels, "the query labels"))
    codes, labels = _shards(database_codes), _shards(database_labels)
    if len(codes) != len(labels):
        raise BadData(f"there are {len(codes)} shards of database codes and {len(labels)} of labels: give as many of each.")
    ranking = queries.ranking()
    for counts in _counted(queries, list(zip(codes, labels, strict=True)), workers, scheduler, progress or Silent()):
        ranking.counts += counts
    size = int(ranking.items[0].sum())
    for name, wanted in (("a cut-off", cutoff), ("precision", None if tops is TOPS else max(tops, default=0))):
        if wanted is not None and wanted > size:
            raise BadData(f"{name} at {wanted} of a database of {size}: give at most that.")
    return Ranked(ranking, tuple(tops), cutoff, normaliser)


@dataclass(frozen=True)
class Queries:
    """What a shard of the database is counted for, wherever that is."""

    codes: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        _check_rows("query", self.codes, self.labels)

    def ranking(self) -> HammingRanking:
        """With nothing counted."""
        return HammingRanking(self.codes, in_classes_of(self.labels, self.labels))

    def counts(self, codes: Given, labels: Given) -> np.ndarray:
        """(Q, K + 1, 2) of a shard."""
        database, theirs = _codes(codes, "the database codes"), _labels(labels, "the database labels")
        _check_rows("database", database, theirs)
        if self.codes.shape[1] != database.shape[1]:
            raise BadData(
                f"query codes have {self.codes.shape[1]} bits, database codes {database.shape[1]}: they are of other hashers."
            )
        ranking = self.ranking()
        ranking.update(database, in_classes_of(self.labels, theirs))
        return ranking.counts


def _counted(
    queries: Queries, shards: list[tuple[Given, Given]], workers: int | None, scheduler: str | None, progress: Progress
) -> Iterator[np.ndarray]:
    """The counts of each shard, in any order."""
    label = "counting the database's shards"
    if workers is None and scheduler is None:
        for codes, labels in progress.track(shards, label, len(shards)) if len(shards) > 1 else shards:
            yield queries.counts(codes, labels)
        return
    with connected(workers, scheduler) as client:
        from distributed import as_completed

        known = client.scatter(queries, broadcast=True)
        futures = [client.submit(Queries.counts, known, *map(_absolute, shard), pure=False) for shard in shards]
        for future in progress.track(as_completed(futures), label, len(futures)):
            yield future.result()
            future.release()


def _shards(given: Given | Sequence[Given]) -> list[Given]:
    return [given] if isinstance(given, np.ndarray | Tensor | str | Path) else list(given)


def _absolute(given: Given) -> Given:
    return Path(given).absolute() if isinstance(given, str | Path) else given


def _check_rows(split: str, codes: np.ndarray, labels: np.ndarray) -> None:
    if len(codes) != len(labels):
        raise BadData(f"there are {len(codes)} {split} codes and {len(labels)} rows of {split} labels: they are of other images.")


def _codes(given: Given, name: str) -> np.ndarray:
    return _of(given, name, read_codes, as_codes)


def _labels(given: Given, name: str) -> np.ndarray:
    return _of(given, name, read_labels, as_labels)


def _of(
    given: Given, name: str, read: Callable[[Path], np.ndarray], checked: Callable[[np.ndarray, str], np.ndarray]
) -> np.ndarray:
    if isinstance(given, str | Path):
        return read(Path(given))
    if isinstance(given, Tensor):
        given = widened(given).cpu().numpy()
    return checked(np.asarray(given), name)
