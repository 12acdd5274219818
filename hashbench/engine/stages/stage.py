"""The stage: one link of the chain from pixels to scores; its key; walks over the graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from hashbench.contracts.run import Precision, Run
from hashbench.engine.machine.context import Machine
from hashbench.engine.store.store import digest
from hashbench.plugins.fingerprint import core_hash
from hashbench.typing import Facts

LOWERING = ("engine.machine.compiling", "engine.machine.lowering", "engine.machine.precision")
"""The core's modules that make a product whose precision can be chosen."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Given(Protocol):
    """Access for a stage that is made or read: the products it needs, and the machine."""

    @property
    def machine(self) -> Machine: ...

    def get(self, stage: Stage[T]) -> T:
        """The product of a stage, made where the store has none."""
        ...


class Stage(Generic[T_co]):
    """A frozen dataclass whose fields are the choice: equal fields, one node of the graph, one product."""

    name: ClassVar[str]
    """Its folder in the store, and its word in plan, costs and docs."""
    code: ClassVar[tuple[str, ...]]
    """The core's modules, below `hashbench`, that make the product: part of its key."""

    on_device: ClassVar[bool] = True
    """Whether it works on the machine's device; otherwise a worker without one can make it."""

    @abstractmethod
    def needs(self) -> Mapping[str, Stage[object]]:
        """The stages that it is made from, by the part they play."""

    @abstractmethod
    def depends(self) -> Facts:
        """Everything else the product depends on: options, seed, budget."""

    @property
    def seed(self) -> int:
        """The seed of torch's global generator and of the run's own."""
        return 0

    @property
    def work(self) -> str:
        """The name that its seconds are remembered under: equal work takes equal time."""
        return ""

    @abstractmethod
    def make(self, draft: Path, given: Given, run: Run) -> None:
        """Write the product's files into an empty folder."""

    @abstractmethod
    def read(self, folder: Path, given: Given) -> T_co:
        """The product from its files."""


def in_precision(precision: Precision) -> Facts:
    """What a product depends on that is computed in another format than fp32."""
    return {} if precision == "fp32" else {"precision": precision}


def said_precision(precision: Precision) -> str:
    """Its addition to the name that seconds are remembered under."""
    return "" if precision == "fp32" else f" in {precision}"


def key(stage: Stage[object]) -> Facts:
    """Everything a product depends on, the same on every machine. Pure: nothing is loaded or made."""
    needs: Facts = {name: identity(need) for name, need in sorted(stage.needs().items())}
    return {"stage": stage.name, "needs": needs, "depends": stage.depends(), "code": core_hash(stage.code)}


@cache
def identity(stage: Stage[object]) -> str:
    """The digest of a stage's key: the name of its product's folder."""
    return digest(key(stage))


def place(root: Path, stage: Stage[object]) -> Path:
    """The folder that a product has in a store, or would have."""
    return root / stage.name / identity(stage)


def reachable(wanted: Iterable[Stage[object]]) -> list[Stage[object]]:
    """The wanted stages and all that they stand on, each once, what is needed first."""
    found: dict[Stage[object], None] = {}

    def visit(stage: Stage[object]) -> None:
        if stage not in found:
            for need in stage.needs().values():
                visit(need)
            found[stage] = None

    for stage in wanted:
        visit(stage)
    return list(found)


def missing(root: Path, wanted: Iterable[Stage[object]]) -> Iterator[Stage[object]]:
    """The stages that would be made for the wanted ones, in the order they would be made in. Looks at names of folders only."""
    seen: set[Path] = set()

    def visit(stage: Stage[object]) -> Iterator[Stage[object]]:
        folder = place(root, stage)
        if folder not in seen:
            seen.add(folder)
            if not (folder / "checksums.json").is_file():
                for need in stage.needs().values():
                    yield from visit(need)
                yield stage

    for stage in wanted:
        yield from visit(stage)
