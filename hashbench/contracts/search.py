"""A search engine that hashes, as an attack sees it that only asks: it rounds, answers, counts and refuses."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NoReturn
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.hasher import Hasher, sign
from hashbench.contracts.victim import Victim
from hashbench.errors import ContractError
from hashbench.retrieval.nearest import finder
from hashbench.retrieval.packing import pack
from hashbench.typing import Float, Int

Answer = Literal["code", "distances", "ids"]
"""What comes back: the code; the first 1,000 of the database with their distances; the first 50 without."""
SHOWN: Mapping[str, int] = {"distances": 1000, "ids": 50}


class QueryLimit(ContractError):
    """An attack asked more of a query than its budget allows."""


@dataclass(frozen=True)
class Answers:
    """To some images, in their order; what the model does not answer is None."""

    codes: Float[Tensor, "b bits"] | None = None
    """In {-1, +1}."""
    ids: Int[Tensor, "b n"] | None = None
    """Of database images, nearest first, those at one distance by position."""
    distances: Int[Tensor, "b n"] | None = None
    """Hamming distances of the same."""


class SearchEngine:
    """The side that an attack does not see: the network, the database, the books."""

    def __init__(
        self,
        hasher: Hasher,
        answer: Answer,
        limit: int,
        database: np.ndarray | None = None,
        readings: Sequence[int] = (),
    ) -> None:
        """`limit`: questions that a query may ask; `database`: codes (N, K) in {-1, +1}, for lists; `readings`: after so many
        questions what an attack has to offer is written down."""
        self._hasher, self.answer, self.limit = hasher.eval().requires_grad_(False), answer, limit
        self._database = None if database is None else pack(database)
        self.readings = tuple(readings)
        self.forwards = self.backwards = 0
        self.asked: Counter[int] = Counter()
        """Questions by query."""
        self._offered: dict[int, Tensor] = {}
        self._read: dict[int, dict[int, Tensor]] = {reading: {} for reading in self.readings}
        self.view = Search(self)
        """What an attack gets."""

    @property
    def bits(self) -> int:
        return self._hasher.bits

    def ask(self, images: Float[Tensor, "b 3 h w"], queries: Sequence[int]) -> Answers:
        """Answers to images asked on account of queries. Raises QueryLimit, having answered nothing, where one may ask no more."""
        if len(images) != len(queries):
            raise ContractError(f"{len(images)} images were asked on account of {len(queries)} queries: name one for each.")
        asking = Counter(queries)
        over = next((query for query, count in asking.items() if self.asked[query] + count > self.limit), None)
        if over is not None:
            raise QueryLimit(f"query {over} has asked {self.asked[over]} of its {self.limit} questions, and more were asked.")
        self._read_before(asking)
        self.asked.update(asking)
        self.forwards += len(images)
        with torch.no_grad():
            codes = sign(self._hasher((images.detach().clamp(0, 1) * 255).round() / 255))
        if self.answer == "code":
            return Answers(codes)
        if self._database is None:
            raise ContractError(f"this search engine has no database, and its answers are {self.answer}.")
        shown = min(SHOWN[self.answer], len(self._database))
        found = finder()(pack(codes.cpu().numpy()), self._database, self.bits, shown)
        ids, distances = (torch.from_numpy(one).to(images.device) for one in found)
        return Answers(ids=ids, distances=distances if self.answer == "distances" else None)

    def offer(self, images: Float[Tensor, "b 3 h w"], queries: Sequence[int]) -> None:
        """What an attack would return now."""
        for query, image in zip(queries, images.detach().clone(), strict=True):
            self._offered[query] = image

    def at(
        self, reading: int, clean: Float[Tensor, "b 3 h w"], final: Float[Tensor, "b 3 h w"], queries: Sequence[int]
    ) -> Float[Tensor, "b 3 h w"]:
        """What stood after so many questions: the final images of queries that asked no more; else what was offered last before,
        and the clean query where nothing was."""
        rows = [
            last if self.asked[query] <= reading else self._read[reading].get(query, before)
            for query, before, last in zip(queries, clean, final, strict=True)
        ]
        return torch.stack(rows)

    def restart(self) -> None:
        """Set the count of forwards to 0; the books stay."""
        self.forwards = 0

    def _read_before(self, asking: Mapping[int, int]) -> None:
        """Write down what is offered, of queries that pass a reading with these questions."""
        for reading, read in self._read.items():
            for query, count in asking.items():
                if self.asked[query] <= reading < self.asked[query] + count and query in self._offered:
                    read[query] = self._offered[query]

    def state_dict(self) -> dict[str, Any]:
        """The books, for a loop that is taken up again."""
        read = {str(reading): _named(images) for reading, images in self._read.items()}
        books = {"forwards": self.forwards, "asked": {str(query): count for query, count in self.asked.items()}}
        state = {**books, "offered": _named(self._offered), "read": read}
        return {**state, "seal": self._seal(state)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there. Raises ContractError for books that are not its own, and where a count would fall."""
        if not hmac.compare_digest(str(state.get("seal", "")), self._seal(state)):
            raise ContractError("these books are not the search engine's own: they can't be put in place of it.")
        asked = Counter({int(query): count for query, count in state["asked"].items()})
        fallen = next((query for query, count in self.asked.items() if asked[query] < count), None)
        if fallen is not None:
            raise ContractError(f"query {fallen} has asked {self.asked[fallen]} times: its count can't be set back.")
        self.asked, self.forwards = asked, state["forwards"]
        device = next((weight.device for weight in self._hasher.state_dict().values()), torch.device("cpu"))
        self._offered = _numbered(state["offered"], device)
        self._read = {int(reading): _numbered(images, device) for reading, images in state["read"].items()}

    def _seal(self, state: Mapping[str, Any]) -> str:
        """A mark that only who holds the network's weights can make: an attack holds none."""
        seal = hmac.new(self._secret, digestmod="sha256")
        seal.update(json.dumps([state["forwards"], sorted(state["asked"].items())]).encode())
        for reading, images in [("offered", state["offered"]), *state["read"].items()]:
            for query, image in sorted(images.items()):
                seal.update(f"{reading} {query}".encode() + _bytes(image))
        return seal.hexdigest()

    @cached_property
    def _secret(self) -> bytes:
        weights = sorted(self._hasher.state_dict().items())
        return hashlib.sha256(b"".join(name.encode() + _bytes(weight) for name, weight in weights)).digest()


class Search(Victim):
    """What an attack gets of a search engine: questions, and nothing behind them. It holds no network, no code and no label."""

    def __init__(self, engine: SearchEngine) -> None:
        _BEHIND[self] = engine

    @property
    def bits(self) -> int:
        return _BEHIND[self].bits

    @property
    def forwards(self) -> int:  # type: ignore[override]
        return _BEHIND[self].forwards

    @property
    def backwards(self) -> int:  # type: ignore[override]
        return 0

    def ask(self, images: Float[Tensor, "b 3 h w"], queries: Sequence[int]) -> Answers:
        """Answers to images in [0, 1], rounded to 8 bits before they are hashed; each is on account of the query at its place.

        Raises QueryLimit.
        """
        return _BEHIND[self].ask(images, queries)

    def left(self, query: int) -> int:
        """Questions that a query may still ask."""
        engine = _BEHIND[self]
        return engine.limit - engine.asked[query]

    def offer(self, images: Float[Tensor, "b 3 h w"], queries: Sequence[int]) -> None:
        """Say what would be returned now: what a reading finds. Costs nothing."""
        _BEHIND[self].offer(images, queries)

    def rows(self, mask: Tensor) -> list[int]:
        """The rows that a mask (B,) chooses; a question waits for the device anyway."""
        found: list[int] = mask.nonzero()[:, 0].tolist()
        return found

    def state_dict(self) -> dict[str, Any]:
        return _BEHIND[self].state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        _BEHIND[self].load_state_dict(state_dict)

    def _require(self, what: str, *granted: str) -> NoReturn:
        raise ContractError(f"the attack only asks a search engine, and wanted {what}: its answers are all there is.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._require(name)

    def __setattr__(self, name: str, value: object) -> None:
        self._require(f"to set {name}")


_BEHIND: WeakKeyDictionary[Search, SearchEngine] = WeakKeyDictionary()


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy().tobytes()


def _named(images: Mapping[int, Tensor]) -> dict[str, Tensor]:
    return {str(query): image for query, image in images.items()}


def _numbered(images: Mapping[str, Tensor], device: torch.device) -> dict[int, Tensor]:
    return {int(query): image.to(device) for query, image in images.items()}
