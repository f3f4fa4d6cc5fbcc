"""Whether one detector is better than another on the same videos: every pair of several detectors, in every metric."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pandas as pd

from deepfake.atomic import write_atomic
from deepfake.evaluation.outcome import Outcome
from deepfake.metrics import compare, holm
from deepfake.report.independent import resampled
from deepfake.report.tables import num_digits, show

COLUMNS = [
    *("first", "second", "metric", "difference", "low", "high", "p_value", "p_holm", "method", "note"),
    *("num_real", "num_fake", "resampled"),
]


def compare_outcomes(outcomes: Mapping[str, Outcome], seed: int = 0) -> pd.DataFrame:
    """Compare detectors pair by pair, on the videos that have a score of both, or the one that `missing` gives them.

    Args:
        outcomes: detector -> what was measured of it, two or more on one split of one corpus.
        seed: of the bootstrap.

    Returns:
        One row a pair and metric with `COLUMNS`. `difference` is first minus second, with its 95 % interval; `p_holm`
        is the p-value by Holm's correction for the number of pairs, within each metric. See
        `deepfake.metrics.compare` for the tests.
    """
    rows = []
    for (first, one), (second, other) in combinations(outcomes.items(), 2):
        scores = other.measured[["video_id", "score"]]
        both = one.measured.merge(scores, on="video_id", suffixes=("", "_second"), validate="one_to_one")
        clusters, of = resampled(both, one.numbers["resampled"].iloc[0])
        label = both["label"].to_numpy()
        found = compare(both["score"], both["score_second"], label, clusters=clusters, seed=seed)
        counts = int((label == 0).sum()), int((label == 1).sum())
        for name, each in found.items():
            estimate = each.value, each.low, each.high, each.p_value, None, str(each.method), each.note
            rows.append([first, second, name, *estimate, *counts, of])
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(p_holm=table.groupby("metric")["p_value"].transform(lambda values: holm(values)))


def write_comparison(outcomes: Mapping[str, Outcome], folder: Path, seed: int = 0) -> Path:
    """Write the comparison as `comparison.csv`, print the differences of the AUC, and return the file."""
    table = compare_outcomes(outcomes, seed)
    write_atomic(folder / "comparison.csv", table.to_csv(index=False).encode())
    aucs = table[table["metric"] == "auc"]
    digits = num_digits({"scored_real": aucs["num_real"].min(), "scored_fake": aucs["num_fake"].min()})
    rows = []
    for row in aucs.itertuples():
        difference = _interval(row.difference, row.low, row.high, digits)
        counts = f"{row.num_real} real, {row.num_fake} fake"
        rows.append([row.first, row.second, counts, difference, _p_value(row.p_value), _p_value(row.p_holm)])
    heads = ["first", "second", "videos of both", "difference (95 % interval)", "p", "p by Holm"]
    notes = dict.fromkeys(filter(None, aucs["note"]))
    show("difference of the AUC of videos, first minus second", heads, rows, *notes, *_left_out(outcomes, aucs))
    return folder / "comparison.csv"


def _left_out(outcomes: Mapping[str, Outcome], aucs: pd.DataFrame) -> list[str]:
    most = max(len(each.measured) for each in outcomes.values())
    if (aucs["num_real"] + aucs["num_fake"] == most).all():
        return []
    return ["detectors have a score of different videos: each pair is compared on those that both have"]


def _interval(value: float, low: float, high: float, digits: int) -> str:
    if pd.isna(value):
        return "undefined"
    text = f"{value:+.{digits}f}"
    return text if pd.isna(low) else f"{text} ({low:+.{digits}f} to {high:+.{digits}f})"


def _p_value(value: float) -> str:
    return "" if pd.isna(value) else "< .001" if value < 0.001 else f"{value:.3f}"
