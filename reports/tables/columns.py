"""The columns that metrics are shown in: heading, digits, unit, meaning."""

from __future__ import annotations

from dataclasses import replace

from .model import Column, Entry

READINGS = (100, 500, 1000, 2000, 10_000)
"""Of the protocol query-1."""
DETECTORS = ("margin", "quantisation", "distance", "denoising")
"""Of the benchmark `detection`."""
_COLUMNS = {
    "t_map": Column("t-MAP", help="mean average precision of the targets: how far the attack steers retrieval"),
    "t_map_share_own_aim": Column(
        "of the way to its aim",
        0,
        100.0,
        " %",
        help="(t-MAP - floor) / (t-MAP of aim code - floor); can exceed 100 %",
    ),
    "t_map_share": Column(
        "of the way to the oracle", 0, 100.0, " %", help="(t-MAP - floor) / (t-MAP of the oracle's code - floor)"
    ),
    "t_map_share_best_aim": Column(
        "of the way to the best aim", 0, 100.0, " %", help="the same with the best aim code of this hasher in the run"
    ),
    "t_map_oracle": Column("t-MAP of the oracle", help="the best code that is known for the target: a ceiling for every attack"),
    "oracle_proven": Column("oracle proven", 0, 100.0, " %", help="share of targets for which no code is better"),
    "t_map_aim": Column("t-MAP of the aim code", help="the code the attack steers to, scored as if it were reached"),
    "t_map_floor": Column("t-MAP floor", help="expected t-MAP of a random ranking"),
    "t_map_clean": Column("t-MAP clean", help="t-MAP of the unattacked query"),
    "t_map_worst_ties": Column("t-MAP, worst ties", help="tied distances in the worst order"),
    "t_map_best_ties": Column("t-MAP, best ties", help="tied distances in the best order"),
    "t_precision_radius_2": Column("precision within radius 2", help="of the targets, within Hamming radius 2"),
    "t_distance_relevant": Column("bits to relevant", 2, help="mean Hamming distance to images relevant to the target (eq. 2)"),
    "t_distance_irrelevant": Column("bits to irrelevant", 2, help="mean Hamming distance to all other images (eq. 2)"),
    "map_clean": Column("MAP clean", help="of the hasher, on unattacked queries"),
    "robustness_untargeted": Column(
        "robustness, untargeted", 2, help="(MAP attacked - floor) / (MAP clean - floor), at least 0: 1 is untouched"
    ),
    "robustness_targeted": Column("robustness, targeted", 2, help="1 - share of the way to the oracle: 1 is untouched"),
    "map_attacked": Column("MAP attacked", help="what is left of the query's own neighbours"),
    "let_through": Column(
        "through the filter",
        0,
        100.0,
        " %",
        help="what the attack achieves through the filter, of what it does without; flagged below 80 %",
    ),
    "map_floor": Column("MAP floor", help="expected MAP of a random ranking"),
    "map_pixels": Column("MAP of raw pixels"),
    "map_random": Column("MAP of the untrained network"),
    "rms": Column("RMS ×100", 2, 100.0, help="of the change, pooled over all values of all images, in percent of the range"),
    "linf": Column("L∞ ×255", 1, 255.0, help="the largest change of a value, in 8-bit levels"),
    "changed": Column("changed", 0, 100.0, " %", help="share of values that changed"),
    "l2": Column("L2", 2, help="mean length of the change, in pixel values of [0, 1]"),
    "ssim": Column("SSIM", 3, help="structural similarity to the query: 1 is the same"),
    "lpips": Column("LPIPS", 3, help="learned perceptual distance from the query (AlexNet): 0 is the same"),
    "psnr": Column("PSNR, dB", 1),
    "rms_raw": Column("RMS ×100, returned", 2, 100.0, help="before the runner clipped and rounded"),
    "seconds_per_image": Column("ms / image", 2, 1000.0, help="of the attack, a warm-up batch apart"),
    "forwards_per_image": Column("forwards / image", 1),
    "backwards_per_image": Column("backwards / image", 1),
    **{f"t_map_at_{count}": Column(f"t-MAP at {count:,}", help=f"after {count:,} questions") for count in READINGS},
    **{f"map_attacked_at_{count}": Column(f"MAP at {count:,}", help=f"after {count:,} questions") for count in READINGS},
    **{
        f"detected_{name}": Column(f"AUC, {name}", 2, help="chance that it scores above a clean query; 0.5 is chance")
        for name in DETECTORS
    },
    **{f"hits_{name}": Column(f"hits, {name}", 0, 100.0, " %", help="found at 5 % false alarms") for name in DETECTORS},
    "questions": Column("questions", 0, help="asked of the search engine for a query"),
    "questions_to_half": Column("questions to half", 0, help="until half of the way from the clean query to the oracle's code"),
    "questions_to_fit": Column("questions before", 0, help="asked before a query was seen, for all of them together"),
    "fit_seconds": Column("fit, s", 1, help="training of the attack (a generator), once for a hasher"),
    "aim_fit_seconds": Column("aim's fit, s", 1, help="training of the aim (PrototypeNet), once for a hasher"),
}
COLUMNS = {metric: replace(column, key=metric) for metric, column in _COLUMNS.items()}
"""By metric, as results name it."""


def column_of(metric: str) -> Column:
    """A metric's column; a stranger's metric under its own name."""
    return COLUMNS.get(metric, Column(metric, 4))


def with_interval(entry: Entry) -> str:
    """A MAP, or a difference of two, with its interval, for a sentence."""
    column = column_of("t_map")
    ends = entry.interval(column).replace("–", ", ").replace(" to ", ", ")
    return f"{entry.text(column)} [{ends}]" if ends else entry.text(column)
