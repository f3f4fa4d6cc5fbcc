"""Thresholds of the detector's own score, chosen on val."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.numbers import too_few_reals
from deepfake.metrics.rows import checked_rows
from deepfake.metrics.weighted import tpr_name
from deepfake.ranges import Share

BALANCED = "balanced_accuracy"
FPRS = (0.1, 0.01)
NAMES = (BALANCED, "eer", *(f"fpr_{fpr}" for fpr in FPRS))
AT_VAL = "_at_val"  # begins the ends of the names of numbers at these thresholds


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score above which a video is called fake.

    Attributes:
        name: `balanced_accuracy`, `eer`, `fpr_0.1` or `fpr_0.01`.
        value: None if there are too few videos.
        recall: share of val's fakes above it; None without a value.
        specificity: share of val's reals that are not above it.
        note: why there is no value; empty if there is one.
    """

    name: str
    value: Share | None
    recall: Share | None
    specificity: Share | None
    note: str


def choose_thresholds(score: ArrayLike, label: ArrayLike) -> tuple[Threshold, ...]:
    """Choose thresholds.

    Each lies in the middle between two neighbouring scores. `balanced_accuracy` has the highest balanced accuracy
    (Youden's index), `eer` the false-positive and false-negative rates that are closest, `fpr_0.1` and `fpr_0.01` the
    highest recall with at most this false-positive rate. Of several that are as good, the highest is taken, which calls
    the fewest fake.

    Args:
        score: (V,) P(fake) of the detector.
        label: (V,) 0 real, 1 fake, both of them present.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.

    Example:
        >>> choose_thresholds([0.2, 0.4, 0.8, 0.9], [0, 0, 1, 1])[0].value
        0.6000000000000001
    """
    scores, fakes = checked_rows(score, label)
    rising, place = np.unique(scores, return_inverse=True)
    falling = rising[::-1]
    hits, alarms = (
        np.concatenate([[0], np.bincount(place[of], minlength=len(rising))[::-1].cumsum()]) for of in (fakes, ~fakes)
    )
    num_fakes, num_reals = int(hits[-1]), int(alarms[-1])
    # Whole numbers: each is a rate times the number of fakes and that of reals.
    youden, gap = hits * num_reals - alarms * num_fakes, (num_fakes - hits) * num_reals - alarms * num_fakes

    def at(name: str, above: int) -> Threshold:
        value = _between(falling, above)
        return Threshold(name, value, hits[above] / num_fakes, 1 - alarms[above] / num_reals, "")

    def limited(fpr: float) -> Threshold:
        name = f"fpr_{fpr}"
        if note := too_few_reals(tpr_name(fpr), num_reals):
            return Threshold(name, None, None, None, note)
        allowed = np.flatnonzero(alarms / num_reals <= fpr)
        best = allowed[hits[allowed] == hits[allowed].max()][0]
        return at(name, int(best))

    best = at(BALANCED, int(youden.argmax())), at("eer", int(np.abs(gap).argmin()))
    return (*best, *map(limited, FPRS))


def suffix_of(name: str) -> str:
    """Return what ends the names of numbers at a threshold; that of the highest balanced accuracy is val's own.

    Example:
        >>> suffix_of("balanced_accuracy"), suffix_of("fpr_0.1")
        ('_at_val', '_at_val_fpr_0.1')
    """
    return AT_VAL if name == BALANCED else f"{AT_VAL}_{name}"


def _between(falling: np.ndarray, above: int) -> float:
    """Return a threshold below the first `above` of the distinct scores and not below the next.

    All of them are never above it: that is as good as none for every choice, and none comes first.
    """
    if not above:
        return float(falling[0])
    upper, lower = float(falling[above - 1]), float(falling[above])
    middle = (upper + lower) / 2
    return middle if middle < upper else lower  # numbers next to each other have no middle


def threshold_value(thresholds: tuple[Threshold, ...], name: str) -> float:
    """Return one by name; NaN if it has no value."""
    found = next(each.value for each in thresholds if each.name == name)
    return math.nan if found is None else found
