"""The configuration of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from hashbench.contracts.budget import Budget
from hashbench.engine.machine.precision import Precisions
from hashbench.errors import UserError
from hashbench.plugins.configure import fraction
from hashbench.typing import Facts, Norm

BITS = range(1, 257)


@dataclass(frozen=True)
class Config:
    """The options of `hashbench run`, as text and numbers. Lists multiply into cells."""

    attacks: Sequence[str]
    hashers: Sequence[str] = ()
    """Methods to train; dpsh where there is nothing else to attack."""
    imported: Sequence[str] = ()
    """Folders of imported hashers, attacked beside those that are trained."""
    models: Sequence[str] = ()
    """Networks that hashbench did not train, attacked likewise: `./file.py:load`, a file, a toolkit's weights."""
    backbones: Sequence[str] = ()
    bits: Sequence[int] = ()
    """Code lengths of those that are trained, 32 by default, and of models, whatever they have by default."""
    datasets: Sequence[str] = ("shapes",)
    protocols: Sequence[str] = ("harmonised",)
    seeds: Sequence[int] = (0,)
    benchmarks: Sequence[str] = ("targeted", "perceptibility", "timing", "gallery", "survival", "queries")
    reports: Sequence[str] = ("html",)
    data: str | None = None
    split: str | None = None
    skip_broken: bool = False
    weights: str | None = None
    image_size: int | None = None
    preset: str | None = None
    epsilons: Sequence[str] = ("8/255",)
    norm: Norm = "linf"
    queries: int | None = None
    targets: str | None = None
    batch_size: int | Literal["auto"] = 64
    """'auto': as many as fit into memory."""
    precision: str = "fp32"
    """A format for all, or by part: 'attacks=bf16,hashing=fp32,training=fp32'."""
    compile: bool = False
    transfer: bool = False

    @property
    def methods(self) -> Sequence[str]:
        """The methods that are trained."""
        return self.hashers or (() if self.imported or self.models else ("dpsh",))

    @property
    def precisions(self) -> Precisions:
        """Raises UserError where it is none."""
        return Precisions.of(self.precision, self.compile)

    def asdict(self) -> Facts:
        """For JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    def check_numbers(self) -> None:
        """Raise UserError for a number that is out of range."""
        if any(is_of_values(self.norm, fraction(epsilon, "--epsilon")) for epsilon in self.epsilons):
            raise UserError("--norm l2 bounds the length of an image's change: give --epsilon with it, such as 1.0.")
        if self.batch_size != "auto" and self.batch_size < 1:
            raise UserError(f"--batch-size is {self.batch_size}: give at least 1.")
        if any(seed < 0 for seed in self.seeds):
            raise UserError(f"--seed is {min(self.seeds)}: give 0 or more.")
        wrong = [count for count in self.bits if count not in BITS]
        if wrong:
            raise UserError(f"--bits is {wrong[0]}: give 1 to {BITS[-1]}.")
        if self.queries is not None and self.queries < 1:
            raise UserError(f"--queries is {self.queries}: give at least 1, or leave it out for all.")


def is_of_values(norm: Norm, epsilon: float) -> bool:
    """Whether an L2 budget is no larger than the default in L-inf, so that it was meant for values, not for a length."""
    return norm == "l2" and epsilon <= Budget().epsilon


def config_of(values: Mapping[str, object]) -> Config:
    """A configuration from values of any origin. Raises UserError for one of the wrong kind."""
    try:
        return TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{'.'.join(str(part) for part in first['loc'])} is {first['input']!r}: {first['msg'].lower()}.") from error
