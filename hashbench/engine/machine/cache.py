"""Products in memory, up to a limit in bytes: the least recently used leave first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from hashbench.engine.machine.memory import bytes_of


class Cache:
    """Values by what they are of. The last one put in stays, whatever its size."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self.held

    def __getitem__(self, key: Hashable) -> object:
        self.held.move_to_end(key)
        return self.held[key][0]

    def __setitem__(self, key: Hashable, value: object) -> None:
        self.held[key] = (value, bytes_of(value))
        self.held.move_to_end(key)
        while self.bytes > self.limit and len(self.held) > 1:
            self.held.popitem(last=False)

    @property
    def bytes(self) -> int:
        """Bytes of all values together."""
        return sum(size for _, size in self.held.values())

    def drop(self, key: Hashable) -> None:
        """Let go of a value, if it is held."""
        self.held.pop(key, None)
