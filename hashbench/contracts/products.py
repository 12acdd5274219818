"""The products of a cell's stages, as benchmarks get them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from hashbench.contracts.budget import Budget
from hashbench.protocols.protocol import Protocol
from hashbench.protocols.scoring import scored
from hashbench.retrieval.oracle import Oracle


@dataclass(frozen=True)
class AttackLog:
    """Observations from the attack's run, per query where it says (Q,). Differences are in pixel values of [0, 1]."""

    raw_squares: np.ndarray
    """(Q,) mean squared difference as the attack returned the images, before anything was enforced."""
    raw_linf: np.ndarray
    """(Q,) largest difference, likewise."""
    raw_changed: np.ndarray
    """(Q,) share of values that differ, likewise."""
    seconds_per_image: float
    forwards_per_image: float
    backwards_per_image: float
    fit_seconds: float
    aim_fit_seconds: float
    zero_gradient: np.ndarray | None
    """(Q,) whether the gradient towards the aim code (an ensemble's: away from the own) vanishes at the query; None where the
    attack takes no gradients to a code."""
    change_without_budget: float
    """The largest difference it made to an image with a budget of 0; nan where it failed."""
    saturated: np.ndarray | None = None
    """(Q,) share of bits at which tanh is flat at the query; None as above."""
    random_hasher: bool = False
    """Whether two forwards of the same images differed."""
    members: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Of an ensemble: (Q, K) codes of the images as they would be scored, by member, in the order they were made."""
    choice: np.ndarray | None = None
    """Of an ensemble: (Q, K) codes of the attacker's own choice among its images."""
    readings: Mapping[int, np.ndarray] = field(default_factory=dict)
    """Of an attack that only asks: (Q, K) codes of what it had to offer after so many questions, as it would be scored."""
    questions: np.ndarray | None = None
    """(Q,) what it asked for each query; None for others."""
    fit_questions: int = 0
    """What it asked before it saw a query, for all of them together."""


@dataclass(frozen=True)
class Products:
    """Everything a benchmark may measure. Q queries, N database rows, C classes, K bits; codes are int8 in {-1, +1}."""

    protocol: Protocol
    budget: Budget
    query_labels: np.ndarray
    """(Q, C) uint8"""
    target_labels: np.ndarray
    database_labels: np.ndarray
    """(N, C)"""
    database_codes: np.ndarray
    clean_codes: np.ndarray
    attacked_codes: np.ndarray
    unrounded_codes: np.ndarray
    """(Q, K) of the attacked hasher, before images were rounded to 8 bits."""
    aim_codes: np.ndarray | None
    """(Q, K), None where the attack has no aim or an untargeted one."""
    oracle: Oracle
    """The best code for each target: (Q, K) codes, their AP, and whether no code has a larger one."""
    untargeted: bool
    """Whether the attack can only be untargeted."""
    clean_pixels: np.ndarray
    """(Q, 3, h, w) uint8"""
    adversarial: np.ndarray
    """(Q, 3, h, w) uint8, or float32 in [0, 1] where the protocol does not round: the very images that were hashed."""
    hash: Callable[[np.ndarray], np.ndarray]
    """Codes (n, K) of images (n, 3, h, w) uint8, on the hasher that is scored."""
    logits: Callable[[np.ndarray], np.ndarray]
    """Its logits (n, K) of such images, or of float32 ones in [0, 1]."""
    database_pixels: Callable[[np.ndarray], np.ndarray]
    """Database positions -> (n, 3, h, w) uint8."""
    controls: Mapping[str, np.ndarray]
    """(Q,) AP of the clean queries by raw pixels ('pixels') and by codes of the untrained network ('random')."""
    log: AttackLog

    @property
    def goal_labels(self) -> np.ndarray:
        """(Q, C) the labels that the attack is scored by: the target's, or the query's own where it can only be untargeted."""
        return self.query_labels if self.untargeted else self.target_labels

    def ap(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """(Q,) AP of codes (Q, K) for labels (Q, C) over the database, by the protocol; nan for queries that it drops."""
        return scored(codes, labels, self.database_codes, self.database_labels, self.protocol)

    def change(self) -> np.ndarray:
        """(Q, 3, h, w) float64: adversarial minus clean in pixel values of [0, 1]; exact multiples of 1/255 for 8-bit images."""
        if self.adversarial.dtype == np.uint8:
            return (self.adversarial.astype(np.int16) - self.clean_pixels) / 255
        return self.adversarial.astype(np.float64) - self.clean_pixels.astype(np.float32) / np.float32(255)
