"""Average precision as a protocol has it."""

from __future__ import annotations

import numpy as np

from hashbench.protocols.protocol import Protocol
from hashbench.retrieval import HammingRanking


def scored(
    codes: np.ndarray,
    labels: np.ndarray,
    database_codes: np.ndarray,
    database_labels: np.ndarray,
    protocol: Protocol,
) -> np.ndarray:
    """(Q,) AP of codes (Q, K) for labels (Q, C) over a database's codes (N, K) and labels (N, C).

    By the protocol's ties, cut-off and normaliser; nan where it drops a query without relevant images.
    """
    ranking = HammingRanking(codes, labels)
    ranking.update(database_codes, database_labels)
    if protocol.ties == "index":
        ap = ranking.index_order_ap([(database_codes, database_labels)], protocol.cutoff, protocol.normaliser)
    else:
        ap = ranking.ap(protocol.cutoff, protocol.normaliser)
    dropped = protocol.zero_relevance == "drop" and ranking.relevant.sum(1) == 0
    return np.where(dropped, np.nan, ap)
