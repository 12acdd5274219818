"""How far the attack gets: t-MAP with its floor and its ceilings, and MAP before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hashbench.api import Benchmark, HammingRanking, Measurement, Products, Row, UserError
from hashbench.retrieval.curves import mean_distance


@dataclass(frozen=True)
class Targeted(Benchmark):
    """t-MAP with floor, clean, aim code and oracle beside it; MAP of the clean and of the attacked queries

    `t_distance_relevant` and `t_distance_irrelevant` are the two terms of the paper's objective (ProS-GAN, eq. 2): mean Hamming
    distances, in bits, of the attacked code to the images relevant to its target and to all others. Of an ensemble, `t_map_choice`
    is of the attacker's own choice of images, `t_map_member_...` of each member's; `map_attacked_...` where it is untargeted.
    """

    def measure(self, products: Products) -> Measurement:
        rows: list[Row] = []
        arrays: dict[str, np.ndarray] = {}
        codes = {"clean": products.clean_codes, "attacked": products.attacked_codes, "aim": products.aim_codes}
        codes["oracle"] = products.oracle.codes
        wanted = {"own": products.query_labels, "target": products.target_labels}
        names = {
            ("clean", "own"): "map_clean",
            ("attacked", "own"): "map_attacked",
            ("clean", "target"): "t_map_clean",
            ("attacked", "target"): "t_map",
            ("aim", "target"): "t_map_aim",
            ("oracle", "target"): "t_map_oracle",
        }
        for (which, labels), metric in names.items():
            queries = codes[which]
            if queries is None:
                continue
            ranking = HammingRanking(queries, wanted[labels])
            ranking.update(products.database_codes, products.database_labels)
            arrays |= {f"{which}/{labels}/items": ranking.items, f"{which}/{labels}/relevant": ranking.relevant}
            rows += _rows(metric, ranking, products)
        rows += _members(products)
        rows.append(Row("oracle_proven", float(products.oracle.proven.mean())))
        return Measurement(rows, arrays)


def _members(products: Products) -> list[Row]:
    """Of an ensemble: its goal's metric for the attacker's own choice of images, and for every member's."""
    if products.log.choice is None:
        return []
    metric = "map_attacked" if products.untargeted else "t_map"
    codes = {"choice": products.log.choice, **{f"member_{name}": each for name, each in sorted(products.log.members.items())}}
    return [Row.mean(f"{metric}_{name}", products.ap(each, products.goal_labels)) for name, each in codes.items()]


def _rows(metric: str, ranking: HammingRanking, products: Products) -> list[Row]:
    """The metric as the protocol scores it; for t-MAP its bounds and floor, for MAP its floor and, at all ranks, its controls."""
    protocol = products.protocol
    scores = ranking.compute(cutoff=protocol.cutoff, normaliser=protocol.normaliser)
    irrelevant = scores.relevant == 0
    if irrelevant.all() and protocol.zero_relevance == "drop":
        raise UserError(f"nothing in the database is relevant to any query, and protocol {protocol.name} drops such queries.")

    def row(name: str, ap: np.ndarray) -> Row:
        return Row.mean(name, np.where(irrelevant, np.nan, ap) if protocol.zero_relevance == "drop" else ap)

    ap = scores.ap
    if protocol.ties == "index":
        shards = [(products.database_codes, products.database_labels)]
        ap = ranking.index_order_ap(shards, protocol.cutoff, protocol.normaliser)
    rows = [row(metric, ap)]
    floor = ranking.floor(protocol.cutoff, protocol.normaliser)
    if metric == "t_map":
        rows += [row("t_map_worst_ties", scores.ap_worst), row("t_map_best_ties", scores.ap_best), row("t_map_floor", floor)]
        rows.append(Row("targets_without_relevant", float(irrelevant.sum())))
        within = scores.precision_by_radius[:, min(2, ranking.bits)]
        rows.append(row("t_precision_radius_2", within))
        sides = {"relevant": ranking.relevant, "irrelevant": ranking.items - ranking.relevant}
        rows += [Row.mean(f"t_distance_{which}", mean_distance(counts)) for which, counts in sides.items() if counts.any()]
    if metric == "map_clean":
        rows += [row("map_floor", floor), Row("queries_without_relevant", float(irrelevant.sum()))]
        if protocol.cutoff is None:
            rows += [row(f"map_{name}", ap) for name, ap in sorted(products.controls.items())]
    return rows
