"""The decisions: what is called fake at the threshold 0.5, and at those that val chose."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from deepfake.calibration.thresholds import BALANCED, suffix_of
from deepfake.metrics import THRESHOLD
from deepfake.report.page.chart import Table
from deepfake.report.page.points import calls
from deepfake.report.page.words import interval, number, value_of
from deepfake.report.tables import num_digits

_CHOICES = {BALANCED: "highest balanced accuracy", "eer": "equal error rates"}
_FPR = "fpr_"


class Decision(NamedTuple):
    """A threshold above which a video is called fake.

    Attributes:
        name: in words.
        suffix: ends the names of its numbers in `numbers.csv`.
        threshold: of the detector's score.
        on_val: true-positive and false-positive rate on val, where val chose it; empty otherwise.
    """

    name: str
    suffix: str
    threshold: float
    on_val: tuple[float, ...] = ()


def decisions_of(facts: Mapping[str, Any]) -> list[Decision]:
    """Return the thresholds of a run, 0.5 first, then what its calibration chose, the balanced one first.

    Args:
        facts: the content of `metrics.json`.
    """
    found = [Decision(f"{THRESHOLD:g}", "", THRESHOLD)]
    for each in facts.get("calibration", {}).get("thresholds", ()):
        if each["value"] is not None:
            on_val = each["recall"], 1 - each["specificity"]
            found.append(Decision(_chosen(each["name"]), suffix_of(each["name"]), each["value"], on_val))
    return found


def _chosen(name: str) -> str:
    """Say what val chose a threshold for.

    Example:
        >>> _chosen("fpr_0.1")
        'val: false-positive rate of at most 0.1'
    """
    what = _CHOICES.get(name) or f"false-positive rate of at most {name.removeprefix(_FPR)}"
    return f"val: {what}"


def decision_table(
    decisions: Sequence[Decision], videos: pd.DataFrame, values: Mapping[str, Mapping[str, Any]]
) -> Table:
    """Return what each threshold does to the tested videos, with intervals, and what it did on val: a column each.

    Args:
        decisions: as `decisions_of` returns them.
        videos: `label`, `score`, one row a video.
        values: metric -> its row of `numbers.csv`, for all videos; a rate that is not there has an empty cell.
    """
    columns = [_column(each, videos, values) for each in decisions]
    names = [*dict.fromkeys(name for column in columns for name in column)]
    rows = [[name, *(column.get(name, "") for column in columns)] for name in names]
    return Table(["threshold", *(each.name for each in decisions)], rows)


def _column(decision: Decision, videos: pd.DataFrame, values: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    at = calls(videos, decision.threshold)
    digits = num_digits({"scored_real": at["reals"], "scored_fake": at["fakes"]})

    def rate(name: str) -> Mapping[str, Any] | None:
        return values.get(f"{name}{decision.suffix}")

    found: dict[str, object] = {
        "called fake: a score above": f"{decision.threshold:.3f}",
        "fakes called fake": f"{at['hits']} of {at['fakes']}",
        "reals called fake": f"{at['alarms']} of {at['reals']}",
        "true-positive rate": _cell(rate("recall"), digits),
        "false-positive rate": _cell(_complement(rate("specificity")), digits),
        "precision": _cell(rate("precision"), digits),
        "balanced accuracy": _cell(rate("balanced_accuracy"), digits),
    }
    if decision.on_val:
        rates = (f"{number(value, digits)}" for value in decision.on_val)
        found |= dict(zip(("true-positive rate on val", "false-positive rate on val"), rates, strict=True))
    return found


def _complement(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return 1 minus a number with its interval, as the false-positive rate is of the specificity."""
    if row is None:
        return None
    return {"value": 1 - row["value"], "low": 1 - row["high"], "high": 1 - row["low"], "note": row["note"]}


def _cell(row: Mapping[str, Any] | None, digits: int) -> str:
    if row is None:
        return ""
    ends = interval(row, digits)
    return value_of(row, digits) + (f" ({ends})" if ends else "")


def unchosen(facts: Mapping[str, Any]) -> str:
    """Say why val chose no threshold of some kind; empty if it chose all, or was not asked."""
    notes = [
        f"{_chosen(each['name'])}: there is none ({each['note']})"
        for each in facts.get("calibration", {}).get("thresholds", ())
        if each["value"] is None
    ]
    return "; ".join(notes)
