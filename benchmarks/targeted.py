"""How far the attack gets: t-MAP with its floor and its ceilings, and MAP before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hashbench.api import Benchmark, HammingRanking, Measurement, Products, Row


@dataclass(frozen=True)
class Targeted(Benchmark):
    """t-MAP with floor, clean and aim code beside it; MAP of the clean and of the attacked queries"""

    def measure(self, products: Products) -> Measurement:
        rows: list[Row] = []
        arrays: dict[str, np.ndarray] = {}
        codes = {"clean": products.clean_codes, "attacked": products.attacked_codes, "aim": products.aim_codes}
        wanted = {"own": products.query_labels, "target": products.target_labels}
        names = {
            ("clean", "own"): "map_clean",
            ("attacked", "own"): "map_attacked",
            ("clean", "target"): "t_map_clean",
            ("attacked", "target"): "t_map",
            ("aim", "target"): "t_map_aim",
        }
        for (which, labels), metric in names.items():
            queries = codes[which]
            if queries is None:
                continue
            ranking = HammingRanking(queries, wanted[labels])
            ranking.update(products.database_codes, products.database_labels)
            rows.append(Row.mean(metric, _ap(ranking, products)))
            arrays |= {f"{which}/{labels}/items": ranking.items, f"{which}/{labels}/relevant": ranking.relevant}
            if metric == "t_map":
                scores = ranking.compute()
                rows += [Row.mean("t_map_worst_ties", scores.ap_worst), Row.mean("t_map_best_ties", scores.ap_best)]
                rows.append(Row.mean("t_map_floor", ranking.floor()))
                rows.append(Row("targets_without_relevant", float((scores.relevant == 0).sum())))
            if metric == "map_clean":
                rows.append(Row.mean("map_floor", ranking.floor()))
        rows += [Row.mean(f"map_{name}", ap) for name, ap in sorted(products.controls.items())]
        return Measurement(rows, arrays)


def _ap(ranking: HammingRanking, products: Products) -> np.ndarray:
    """(Q,) average precision, ties broken as the protocol says; a query without relevant items counts 0."""
    if products.protocol.ties == "index":
        return ranking.index_order_ap([(products.database_codes, products.database_labels)])
    return ranking.compute().ap
