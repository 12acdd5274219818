"""What asking a search engine brings: how far an attack is after so many questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hashbench.api import Benchmark, HammingRanking, Measurement, Products, Row


@dataclass(frozen=True)
class Queries(Benchmark):
    """Of attacks that only ask: t-MAP (untargeted: MAP) at the protocol's readings, and the questions until half of the way

    `t_map_at_1000` (`map_attacked_at_1000`): of what the attack had to offer after 1,000 questions; a query that had nothing yet
    counts as it was. `questions_to_half`: the first reading at which the mean is half of the way from the clean queries to the
    oracle's code (untargeted: to a random ranking); left out where there is none. `questions`: asked for a query;
    `questions_to_fit`: asked before, for all of them together.
    """

    def measure(self, products: Products) -> Measurement:
        log = products.log
        if log.questions is None:
            return Measurement([])
        metric = "map_attacked" if products.untargeted else "t_map"
        at = {reading: products.ap(codes, products.goal_labels) for reading, codes in sorted(log.readings.items())}
        rows = [Row.mean(f"{metric}_at_{reading}", ap) for reading, ap in at.items()]
        start, end = self._ends(products)
        way = start - end if products.untargeted else end - start
        half = [reading for reading, ap in at.items() if way > 0 and (np.nanmean(ap) - start) / (end - start) >= 0.5]
        rows += [Row("questions_to_half", float(half[0]))] if half else []
        return Measurement([*rows, Row.mean("questions", log.questions), Row("questions_to_fit", float(log.fit_questions))])

    @staticmethod
    def _ends(products: Products) -> tuple[float, float]:
        """The mean of the clean queries, and where the way ends."""
        clean = products.ap(products.clean_codes, products.goal_labels)
        start, protocol = float(np.nanmean(clean)), products.protocol
        if not products.untargeted:
            return start, float(np.nanmean(products.ap(products.oracle.codes, products.goal_labels)))
        ranking = HammingRanking(products.clean_codes, products.query_labels)
        ranking.update(products.database_codes, products.database_labels)
        floor = ranking.floor(protocol.cutoff, protocol.normaliser)
        return start, float(floor[~np.isnan(clean)].mean())
