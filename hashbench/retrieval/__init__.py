"""Ranking by Hamming distance: packed codes, distance counts, the metrics computed from them, the bootstrap."""

from hashbench.retrieval.bootstrap import Bootstrap
from hashbench.retrieval.ranking import HammingRanking, Scores

__all__ = ["Bootstrap", "HammingRanking", "Scores"]
