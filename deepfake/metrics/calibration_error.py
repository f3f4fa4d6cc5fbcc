"""The interval of the expected calibration error, for which no percentiles of its replicates serve.

The error sums over bins how far labels are from scores: absolute values of gaps. Chance adds to it in every bin, so it
is too high, and a bootstrap replicate is too high by that twice. Where a gap is 0 its absolute value has no derivative
either, so no bootstrap of the error itself holds: not of its percentiles, reflected or accelerated (BCa), nor around an
error from which the mean bias was taken. `docs/evaluation.md` has how often each holds.

The gaps are means, of which the bootstrap tells the truth. So the interval is found by inverting a test: an error is in
it if gaps of that sum, disturbed as the replicates disturb the measured ones, give the measured error within the
central 95 % of their errors. These gaps are the measured ones, all nearer to 0 or all further from it by one number of
their own standard errors: a smaller error means that more bins have no gap, and there chance adds most.

Two things make up for what few rows hide. Where few clusters are in a bin, the replicates of its gap are spread too
little, by what a sample's standard deviation corrects. And since chance only adds, the upper end is at least what it
would be if chance had added nothing.

Source: J. Carpenter, Test inversion bootstrap confidence intervals, JRSS B 61, 1999. On the bias: J. Bröcker,
    Estimating reliability and resolution of probability forecasts through decomposition of the empirical score, Climate
    Dynamics 39, 2012; A. Kumar et al., Verified uncertainty calibration, NeurIPS 2019.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

_SURE = 1e-3  # standard errors within which the ends are found
_ROUNDED = 1e-12  # a gap whose replicates differ by no more is the same in all of them


class Gaps(NamedTuple):
    """What the calibration error is the sum of.

    Attributes:
        values: (bins,) the sum of label minus score over the rows of each bin, divided by the number of all rows.
        drawn: (R, bins) the same of each bootstrap replicate.
        clusters: (bins,) how many clusters have rows in each bin.
    """

    values: np.ndarray
    drawn: np.ndarray
    clusters: np.ndarray


def calibration_error(gaps: np.ndarray) -> np.ndarray:
    """Return the errors (...) of gaps (..., bins)."""
    return np.asarray(np.abs(gaps).sum(axis=-1))


def calibration_error_interval(gaps: Gaps, share: float) -> tuple[float, float]:
    """Return the interval of the error of these gaps; an error of 0 may be in it, and the measured one always is.

    A gap that is the same in every replicate, as where all fakes have one score and no real has a like one, counts with
    what it is: nothing tells how sure it is.

    Args:
        gaps: whose replicates have no NaN.
        share: of the errors that lie beyond each end of the centre, as 0.025.
    """
    used = np.abs(gaps.drawn - gaps.values).max(axis=0) > _ROUNDED
    alike = float(calibration_error(gaps.values[~used]))
    if not used.any():
        return alike, alike
    values, clusters = gaps.values[used], gaps.clusters[used]
    chance = (gaps.drawn[:, used] - values) * np.sqrt(clusters / np.maximum(clusters - 1, 1))
    error, sign = float(calibration_error(values)), np.where(values < 0, -1, 1)
    spread = np.sqrt(np.mean(chance**2, axis=0))

    def moved(by: float) -> np.ndarray:
        return np.asarray(sign * np.maximum(np.abs(values) + by * spread, 0))

    def disturbed(by: float, at: float) -> float:
        return float(np.quantile(calibration_error(moved(by) + chance), at))

    nearest, furthest = -float(np.max(np.abs(values) / spread)), 1.0
    while disturbed(furthest, share) <= error:
        furthest *= 2
    low = _first(lambda by: disturbed(by, 1 - share) >= error, nearest, furthest)
    high = _first(lambda by: disturbed(by, share) > error, nearest, furthest)
    unbiased = error - float(norm.ppf(share) * calibration_error(gaps.drawn[:, used]).std())
    highest = max(unbiased, float(calibration_error(moved(high))))
    return alike + float(calibration_error(moved(low))), min(1.0, alike + highest)


def _first(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Return the lowest number between two for which something holds that holds of the higher and all above it."""
    if holds(low):
        return low
    while high - low > _SURE:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
