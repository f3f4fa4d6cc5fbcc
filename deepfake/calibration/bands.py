"""The bands of a verdict: what a calibrated score is called in words, and how often that was wrong on val."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from deepfake.metrics.intervals import rate_interval
from deepfake.ranges import Amount, Prior, Share

EDGES = (0.1, 0.3, 0.7, 0.9)  # an edge itself belongs to the milder of its two bands
BANDS = (
    "strong evidence of no manipulation",
    "moderate evidence of no manipulation",
    "not conclusive",
    "moderate evidence of manipulation",
    "strong evidence of manipulation",
)
ENDS = (0.0, *EDGES, 1.0)  # of the bands, five lower ones and the last upper one
MIDDLE = 2  # the band that says nothing, so that it has no error rate
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Band:
    """A range of calibrated scores, and the val videos in it.

    Attributes:
        name: one of `BANDS`.
        low: lower end.
        high: upper end.
        num_real: val's reals in it.
        num_fake: val's fakes in it.
        error_rate: share of videos in it of which its name is wrong, if classes are as common as the calibration's
            prior says; None without videos, and for the band that says nothing.
        error_low: lower end of the rate's 95 % interval, Wilson's of independent videos; None without a rate.
        error_high: upper end.
    """

    name: str
    low: Share
    high: Share
    num_real: Amount
    num_fake: Amount
    error_rate: Share | None
    error_low: Share | None
    error_high: Share | None


def band_numbers(calibrated: np.ndarray) -> np.ndarray:
    """Return the place in `BANDS` of each calibrated score, (N,); -1 for NaN.

    Example:
        >>> band_numbers(np.array([0.05, 0.1, 0.3, 0.7, 0.75, 0.95, np.nan]))
        array([ 0,  1,  2,  2,  3,  4, -1])
    """
    low, high = np.array(EDGES[:MIDDLE]), np.array(EDGES[MIDDLE:])
    found = np.searchsorted(low, calibrated, side="right") + np.searchsorted(high, calibrated, side="left")
    return np.where(np.isnan(calibrated), -1, found)


def count_bands(calibrated: np.ndarray, label: np.ndarray, prior: Prior) -> tuple[Band, ...]:
    """Count the videos of each band.

    Args:
        calibrated: (V,) cross-fitted scores.
        label: (V,) 0 real, 1 fake; of one class alone there are counts, and no rates.
        prior: the share of fakes that the rates are given for.
    """
    number = band_numbers(calibrated)
    fakes, reals = int(np.count_nonzero(label == 1)), int(np.count_nonzero(label == 0))
    # By which a fake counts more than a real.
    odds = math.log(prior / fakes) - math.log((1 - prior) / reals) if fakes and reals else None

    def band(place: int) -> Band:
        inside = label[number == place]
        num_fake, num_real = int(np.count_nonzero(inside == 1)), int(np.count_nonzero(inside == 0))
        if place == MIDDLE or odds is None:
            rates: tuple[float | None, float | None, float | None] = (None, None, None)
        else:
            wrong, shift = (num_fake, odds) if place < MIDDLE else (num_real, -odds)
            rates = _error_rate(wrong, len(inside), shift)
        return Band(BANDS[place], ENDS[place], ENDS[place + 1], num_real, num_fake, *rates)

    return tuple(map(band, range(len(BANDS))))


def _error_rate(wrong: int, total: int, shift: float) -> tuple[float | None, float | None, float | None]:
    """Return a share and its interval, if what is wrong counts exp(shift) times as much as what is right.

    How many reals and fakes there are was chosen by whoever made the corpus, so the weights are not random, and the
    ends of the interval move as the share does.
    """
    if not total:
        return None, None, None
    low, high = rate_interval(wrong, total, CONFIDENCE, "wilson")
    return tuple(float(expit(logit(share) + shift)) for share in (wrong / total, low, high))  # type: ignore[return-value]
