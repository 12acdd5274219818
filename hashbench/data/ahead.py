"""A map over positions by threads that never runs far ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_order(work: Callable[[int], T], count: int, workers: int) -> Iterator[T]:
    """`work(0)` to `work(count - 1)`, in order; only a few results for each worker are held in memory."""
    positions = iter(range(count))
    with ThreadPoolExecutor(workers) as threads:
        pending: deque[Future[T]] = deque(threads.submit(work, i) for i in islice(positions, 16 * workers))
        try:
            while pending:
                done = pending.popleft()
                pending.extend(threads.submit(work, i) for i in islice(positions, 1))
                yield done.result()
        finally:
            for future in pending:
                future.cancel()
