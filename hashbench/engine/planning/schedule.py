"""A schedule on paper: how long a graph of stages takes on so many workers."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from hashbench.engine.stages.stage import Stage


def makespan(stages: Sequence[Stage[object]], seconds: Mapping[Stage[object], float], workers: int) -> float:
    """Seconds until all is made. `stages` in an order that has what is needed first: a free worker takes the first that can begin.

    What is not in `stages` is there already. Workers are alike, and nothing is lost on the way between them.
    """
    users: dict[Stage[object], list[int]] = {stage: [] for stage in stages}
    left = []
    for i, stage in enumerate(stages):
        needs = {need for need in stage.needs().values() if need in users}
        left.append(len(needs))
        for need in needs:
            users[need].append(i)
    ready = [i for i, count in enumerate(left) if not count]
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < workers:
            started = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[stages[started]], started))
        now, done = heapq.heappop(running)
        for i in users[stages[done]]:
            left[i] -= 1
            if not left[i]:
                heapq.heappush(ready, i)
    return now


def longest_chain(stages: Sequence[Stage[object]], seconds: Mapping[Stage[object], float]) -> float:
    """Seconds of the longest chain of stages that wait for each other: no number of workers goes below it."""
    ends: dict[Stage[object], float] = {}
    for stage in stages:
        ends[stage] = seconds[stage] + max((ends[need] for need in stage.needs().values() if need in ends), default=0.0)
    return max(ends.values(), default=0.0)
