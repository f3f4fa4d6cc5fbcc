"""What numbers mean, in words."""

import math
from collections.abc import Mapping

import pandas as pd

from deepfake.names import shown
from deepfake.report.tables import TOO_FEW


def number(value: object, digits: int = 2) -> str:
    """Return a number as text.

    Example:
        >>> number(0.8653), number(float("nan")), number(1.0, 3)
        ('0.87', 'undefined', '1.000')
    """
    if value is None or pd.isna(value):
        return "undefined"
    return f"{value:.{digits}f}"


def counted(videos: pd.DataFrame) -> str:
    """
    Example:
        >>> counted(pd.DataFrame({"label": [0, 1, 1]}))
        '1 real, 2 fake'
    """
    return ", ".join(f"{(videos['label'] == label).sum()} {name}" for label, name in ((0, "real"), (1, "fake")))


def interval(row: Mapping[str, object], digits: int = 2) -> str:
    """Return the interval of a row of `numbers.csv`; empty if it has none.

    Example:
        >>> interval({"low": 0.5, "high": 0.75}), interval({"low": float("nan"), "high": float("nan")})
        ('0.50 to 0.75', '')
    """
    low, high = row["low"], row["high"]
    return "" if low is None or pd.isna(low) else f"{number(low, digits)} to {number(high, digits)}"


def in_pairs(auc: float, low: float = math.nan, high: float = math.nan) -> str:
    """Say what an AUC means.

    Example:
        >>> in_pairs(0.8653, 0.71, 0.977)
        'Of a random fake and a random real video, the fake has the higher score in 87 of 100 pairs (71 to 98 with...'
    """
    if math.isnan(auc):
        return "There are no pairs of a fake and a real video to compare, so there is no AUC."
    sure = "" if math.isnan(low) else f" ({100 * low:.0f} to {100 * high:.0f} with 95 % confidence)"
    pairs = f"Of a random fake and a random real video, the fake has the higher score in {100 * auc:.0f} of 100 pairs"
    return f"{pairs}{sure}."


def at_half(counts: Mapping[str, int]) -> str:
    """Say what the decisions at 0.5 were.

    Args:
        counts: as `deepfake.report.page.points.calls` returns them.

    Example:
        >>> at_half({"hits": 10, "fakes": 13, "alarms": 0, "reals": 8})
        'At the threshold 0.5 it calls 10 of 13 fakes and 0 of 8 reals fake.'
    """
    both = f"{counts['hits']} of {counts['fakes']} fakes and {counts['alarms']} of {counts['reals']} reals"
    return f"At the threshold 0.5 it calls {both} fake."


def value_of(row: Mapping[str, object], digits: int) -> str:
    """Return the number of a row of `numbers.csv`, or why there is none in a word."""
    if pd.isna(row["value"]):
        return TOO_FEW if str(row["note"]).startswith(TOO_FEW) else "undefined"
    return number(row["value"], digits)


def name_of(text: object) -> str:
    """Return a name as it is shown: without what would turn the direction of text or hide letters."""
    return shown(text)
