"""The counts of fakes and reals that are called fake at every threshold, for many weightings of the rows at once, and
the metrics of how well fakes rank above reals.

A weighting is a row of whole numbers: how often a bootstrap replicate has drawn each row. Counts are therefore exact,
and each metric divides once, in double precision. Equal scores are one threshold; they are not ranked among each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

MAX_FPR = 0.1  # the partial AUC ends here


@dataclass(frozen=True)
class Curve:
    """ROC curves of B weightings over the same K thresholds, from the highest score to the lowest.

    Attributes:
        new_fakes: (B, K) weight of the fakes whose score is the threshold itself.
        new_reals: (B, K) weight of such reals.
        tied: whether any threshold has several rows; without ties a shorter formula does.
        room: (3, B, K) memory to compute in; it is used again for the next curve, so no result refers to it.
    """

    new_fakes: np.ndarray
    new_reals: np.ndarray
    tied: bool
    room: np.ndarray

    @cached_property
    def found(self) -> np.ndarray:
        """(B, K) weight of the fakes at or above each threshold."""
        return self.new_fakes.cumsum(axis=1, out=self.room[0])

    @cached_property
    def wrong(self) -> np.ndarray:
        """(B, K) weight of the reals at or above each threshold."""
        return self.new_reals.cumsum(axis=1, out=self.room[1])

    @cached_property
    def fakes(self) -> np.ndarray:
        """(B,) weight of all fakes; NaN if there are none, so that all that divides by it is NaN without a warning."""
        return _or_nan(self.at(self.found, self.num_thresholds))

    @cached_property
    def reals(self) -> np.ndarray:
        """(B,) weight of all reals; NaN if there are none."""
        return _or_nan(self.at(self.wrong, self.num_thresholds))

    @property
    def num_thresholds(self) -> int:
        """K."""
        return self.new_fakes.shape[1]

    def at(self, counts: np.ndarray, place: int | np.ndarray) -> np.ndarray:
        """Return the counts (B,) above the first `place` thresholds: 0 for place 0, and all for place K."""
        if not self.num_thresholds:
            return np.zeros(len(counts))
        rows = np.arange(len(counts))
        return np.where(np.equal(place, 0), 0.0, counts[rows, np.subtract(place, 1)])

    def last_place(self, max_fpr: float) -> np.ndarray:
        """Return the largest places (B,) whose false-positive rate is at most `max_fpr`."""

        def above(place: np.ndarray) -> np.ndarray:
            return self.at(self.wrong, place) / self.reals > max_fpr

        return self._first(above, self.num_thresholds + 1) - 1

    def balanced_place(self) -> np.ndarray:
        """Return the places (B,) where false-positive and false-negative rate are closest; of several, the first."""

        def at_least_balanced(place: np.ndarray) -> np.ndarray:
            return self._imbalance(place) >= 0

        after = self._first(at_least_balanced, self.num_thresholds)
        before = np.maximum(after - 1, 0)
        return np.where(np.abs(self._imbalance(before)) <= np.abs(self._imbalance(after)), before, after)

    def _imbalance(self, place: np.ndarray) -> np.ndarray:
        """Return the false-positive minus the false-negative rate, times fakes and reals to stay whole."""
        missed = self.fakes - self.at(self.found, place)
        return self.at(self.wrong, place) * self.fakes - missed * self.reals

    def _first(self, holds: Callable[[np.ndarray], np.ndarray], end: int) -> np.ndarray:
        """Return the first places (B,) from which a condition holds, by bisection; `end` where it holds before none."""
        low, high = np.zeros(len(self.new_fakes), np.int64), np.full(len(self.new_fakes), end)
        while (open_ := low < high).any():
            middle = np.minimum((low + high) // 2, end - 1)  # rows that are settled at `end` are asked along
            here = holds(middle)
            high = np.where(open_ & here, middle, high)
            low = np.where(open_ & ~here, middle + 1, low)
        return low


def tpr_at_fprs(curve: Curve, max_fprs: np.ndarray) -> np.ndarray:
    """Return `tpr_at_fpr` at many false-positive rates (F,), as (B, F): points of the ROC curve."""
    rates = np.divide(curve.wrong, curve.reals[:, None], out=curve.room[2])
    place = _searched(rates, max_fprs, "right")
    found = np.take_along_axis(curve.found, np.maximum(place - 1, 0), axis=1)
    return np.asarray(np.where(place == 0, 0.0, found) / curve.fakes[:, None] + 0 * curve.reals[:, None])


def precision_at_recalls(curve: Curve, recalls: np.ndarray) -> np.ndarray:
    """Return the precision at the highest threshold that reaches each of the recalls (H,), as (B, H); none is 0."""
    rates = np.divide(curve.found, curve.fakes[:, None], out=curve.room[2])
    place = np.minimum(_searched(rates, recalls, "left"), curve.num_thresholds - 1)
    found, wrong = (np.take_along_axis(counts, place, axis=1) for counts in (curve.found, curve.wrong))
    return np.asarray(found / np.maximum(found + wrong, 1) + 0 * (curve.fakes + curve.reals)[:, None])


def _searched(rates: np.ndarray, values: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
    """Return where values belong in each of several rising rows of rates; (B, number of values)."""
    return np.stack([np.searchsorted(row, values, side) for row in rates])


def _or_nan(counts: np.ndarray) -> np.ndarray:
    return np.where(counts > 0, counts, np.nan)


def auc(curve: Curve) -> np.ndarray:
    """Return the area under the ROC curve (B,) by trapezoids: the share of pairs in order, ties counted as half."""
    return _area(curve.new_reals, curve.found, curve.new_fakes if curve.tied else None) / (curve.fakes * curve.reals)


def _area(new_reals: np.ndarray, found: np.ndarray, tied_fakes: np.ndarray | None) -> np.ndarray:
    area = np.einsum("bk,bk->b", new_reals, found)
    return area if tied_fakes is None else area - np.einsum("bk,bk->b", new_reals, tied_fakes) / 2


def partial_auc(curve: Curve, max_fpr: float = MAX_FPR) -> np.ndarray:
    """Return the area (B,) up to a false-positive rate, scaled so that chance is 0.5 and perfection 1.

    Source: McClish, Analyzing a portion of the ROC curve, 1989; as `roc_auc_score(max_fpr=...)` of scikit-learn.
    """
    place = curve.last_place(max_fpr)
    after = np.minimum(place + 1, curve.num_thresholds)
    found, wrong = curve.at(curve.found, place), curve.at(curve.wrong, place)
    width = max_fpr * curve.reals - wrong
    step = np.maximum(curve.at(curve.wrong, after) - wrong, 1)
    rise = (curve.at(curve.found, after) - found) * width / step
    area = width * (found + rise / 2)  # of the last trapezoid, which ends between two thresholds
    for row, end in enumerate(place):
        part = np.s_[row : row + 1, :end]
        area[row] += _area(curve.new_reals[part], curve.found[part], curve.new_fakes[part])[0]
    smallest = max_fpr**2 / 2
    return 0.5 * (1 + (area / (curve.fakes * curve.reals) - smallest) / (max_fpr - smallest))


def average_precision(curve: Curve) -> np.ndarray:
    """Return the mean over fakes (B,) of the precision at their own threshold, without interpolation."""
    precision = np.add(curve.found, curve.wrong, out=curve.room[2])
    np.maximum(precision, 1, out=precision)  # a replicate may have drawn none of the highest rows: 0 of 0 are found
    np.divide(curve.found, precision, out=precision)
    return np.einsum("bk,bk->b", curve.new_fakes, precision) / curve.fakes + 0 * curve.reals


def equal_error_rate(curve: Curve) -> np.ndarray:
    """Return the mean of the false-positive and false-negative rates (B,) at the threshold where they are closest.

    Of several such thresholds, the highest is used.
    """
    place = curve.balanced_place()
    missed = curve.fakes - curve.at(curve.found, place)
    return (missed / curve.fakes + curve.at(curve.wrong, place) / curve.reals) / 2


def tpr_at_fpr(curve: Curve, max_fpr: float) -> np.ndarray:
    """Return the highest true-positive rate (B,) of all thresholds whose false-positive rate is at most `max_fpr`.

    There is no interpolation: rows of equal score are called fake together or not at all.
    """
    return curve.at(curve.found, curve.last_place(max_fpr)) / curve.fakes + 0 * curve.reals
