"""Methods that train another method's hasher in a way of their own."""

from __future__ import annotations

from dataclasses import dataclass

from hashbench.api import HashingMethod, Trunk, TrunkHasher, UserError, inner

from .training import TrainedMethod


@dataclass(frozen=True)
class Wrapping(HashingMethod):
    """A method around one that descends a loss of batches."""

    method: str = inner("hashers", "dpsh", "the hashing method, with its options")

    def __post_init__(self) -> None:
        if not isinstance(self.part("method"), TrainedMethod):
            name = self.method.partition("[")[0]
            raise UserError(f"{type(self).__name__} can't train a hasher of {name}: give a method such as dpsh or csq.")

    @property
    def trained(self) -> TrainedMethod:
        """The method that is wrapped."""
        method: TrainedMethod = self.part("method")
        return method

    def build(self, trunk: Trunk, bits: int) -> TrunkHasher:
        return self.trained.build(trunk, bits)
