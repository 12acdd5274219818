"""The evaluator as judge of an ensemble: the protocol's average precision of the very images that would be scored."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.attack import State
from hashbench.contracts.budget import Budget
from hashbench.contracts.ensemble import Candidate, Ensemble, nearness
from hashbench.contracts.goal import Goal
from hashbench.contracts.run import Run
from hashbench.contracts.victim import Victim
from hashbench.engine.machine.precision import rounding
from hashbench.engine.stages.attack import AttackStage
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.enforce import check_images, enforce
from hashbench.engine.stages.oracle import OracleStage
from hashbench.engine.stages.stage import Given
from hashbench.engine.stages.targets import TargetsStage
from hashbench.protocols.protocol import Protocol
from hashbench.protocols.scoring import scored

_NEAR = 1e-9


def ceiling_of(stage: AttackStage, targets: TargetsStage) -> OracleStage | None:
    """The codes that nothing an ensemble makes can pass; None for other attacks."""
    plugin = stage.attack.plugin
    return OracleStage(stage.source, targets, plugin.targeted is False) if isinstance(plugin, Ensemble) else None


@dataclass
class Evaluator:
    """Judges one batch, and keeps the codes of every candidate, and the attacker's own choice."""

    probe: Victim
    images: Tensor
    budget: Budget
    protocol: Protocol
    labels: np.ndarray
    """(B, C) that are to be retrieved, or not to be where `worst`."""
    database: tuple[np.ndarray, np.ndarray]
    """Codes and labels."""
    ceiling: np.ndarray
    """(B,) AP of the oracle's code."""
    worst: bool
    seen: dict[str, Tensor] = field(default_factory=dict)
    """(B, K) int8 codes by candidate, `member/...`, and of the attacker's own choice, `choice`."""

    def __post_init__(self) -> None:
        self._best = np.full(len(self.images), -np.inf)
        self._nearest = self.images.new_full((len(self.images),), -torch.inf)

    def strength(self, candidate: Candidate) -> Tensor:
        check_images(candidate.name, candidate.images, self.images)
        made = enforce(candidate.images, self.images, self.budget, self.protocol)
        with rounding("fp32"):
            codes = self.probe.codes(made.float() / 255 if made.dtype == torch.uint8 else made)
        kept = self.seen[f"member/{candidate.name}"] = codes.to(torch.int8)
        near = nearness(codes, candidate.codes)
        attacked = torch.zeros_like(near, dtype=torch.bool)
        attacked[list(self.unsettled())] = True
        nearer = (near > self._nearest) & attacked
        self._nearest = torch.maximum(near, self._nearest)
        self.seen["choice"] = torch.where(nearer[:, None], kept, self.seen.get("choice", kept))
        ap = np.nan_to_num(scored(kept.cpu().numpy(), self.labels, *self.database, self.protocol))
        strength = -ap if self.worst else ap
        self._best = np.maximum(strength, self._best)
        return torch.from_numpy(strength).to(self.images.device, self.images.dtype)

    def unsettled(self) -> tuple[int, ...]:
        if self.protocol.ties != "aware":  # the oracle's ceiling is of ties in expectation
            return tuple(range(len(self.images)))
        ceiling = -self.ceiling if self.worst else self.ceiling
        return tuple(int(row) for row in np.flatnonzero(self._best < ceiling - _NEAR))


@dataclass(frozen=True)
class Evaluation:
    """An ensemble with what judging it needs, once for all batches."""

    attack: Ensemble
    probe: Victim
    budget: Budget
    protocol: Protocol
    database: tuple[np.ndarray, np.ndarray]
    ceilings: np.ndarray
    worst: bool

    @classmethod
    def of(cls, given: Given, stage: AttackStage, targets: TargetsStage, probe: Victim) -> Evaluation | None:
        """None for an attack that is no ensemble."""
        attack, ceiling = stage.attack.plugin, ceiling_of(stage, targets)
        if ceiling is None or not isinstance(attack, Ensemble):
            return None
        data = given.get(stage.source.pixels).data
        rows = data.rows["database"]
        database = given.get(CodesStage(stage.source))[rows], data.labels[rows]
        return cls(attack, probe, stage.budget, targets.protocol, database, given.get(ceiling).ap, ceiling.worst)

    def strongest(
        self, view: Victim, state: State, images: Tensor, goal: Goal, start: int, run: Run
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The strongest image of each query of a batch that begins at `start`, and what was seen of the others."""
        labels = (goal.query_labels if self.worst else goal.target_labels).cpu().numpy().astype(np.uint8)
        ceiling = self.ceilings[start : start + len(images)]
        judge = Evaluator(self.probe, images, self.budget, self.protocol, labels, self.database, ceiling, self.worst)
        return self.attack.strongest(view, state, images, goal, self.budget, run, judge), judge.seen
