"""Schedules on paper, against what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashbench.engine.planning.schedule import longest_chain, makespan
from hashbench.engine.stages.stage import Stage


@dataclass(frozen=True)
class Task(Stage[int]):
    """Number `number`, which needs others."""

    name: ClassVar[str] = "task"
    code: ClassVar[tuple[str, ...]] = ()
    number: int
    on: tuple[Task, ...] = ()

    def needs(self) -> dict[str, Stage[object]]:
        return {str(need.number): need for need in self.on}

    def depends(self) -> dict[str, int]:
        return {"number": self.number}


def graph(links: list[int]) -> list[Task]:
    """Task i needs task j < i where bit j of number i is set."""
    tasks: list[Task] = []
    for i, bits in enumerate(links):
        tasks.append(Task(i, tuple(task for j, task in enumerate(tasks) if bits >> j & 1)))
    return tasks


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 127), st.integers(0, 9)), min_size=1, max_size=7))
def test_one_worker_takes_the_sum_many_the_longest_chain_and_others_graham_s_bound(drawn: list[tuple[int, int]]) -> None:
    tasks = graph([bits for bits, _ in drawn])
    seconds = {task: float(time) for task, (_, time) in zip(tasks, drawn, strict=True)}
    total, chain = sum(seconds.values()), longest_chain(tasks, seconds)
    assert makespan(tasks, seconds, 1) == total
    assert makespan(tasks, seconds, len(tasks)) == chain
    for workers in (2, 3):
        found = makespan(tasks, seconds, workers)
        assert max(chain, total / workers) - 1e-9 <= found <= total / workers + (1 - 1 / workers) * chain + 1e-9


def test_what_is_there_already_is_not_waited_for() -> None:
    first = Task(0)
    last = Task(1, (first,))
    assert makespan([last], {last: 2.0}, 4) == 2
    assert longest_chain([first, last], {first: 3.0, last: 2.0}) == 5


def test_two_workers_by_hand() -> None:
    hasher = Task(0)
    attacks = [Task(i, (hasher,)) for i in (1, 2, 3)]
    seconds = dict.fromkeys(attacks, 4.0) | {hasher: 3.0}
    assert makespan([hasher, *attacks], seconds, 2) == pytest.approx(3 + 4 + 4)
