"""Intervals of single numbers: of a rate, of an AUC, and of what the bootstrap replicates."""

import math
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import binomtest, norm, t

from deepfake.metrics.delong import auc_covariance
from deepfake.metrics.estimate import Method

Bounds = tuple[float, float]
UNKNOWN: Bounds = (math.nan, math.nan)


def rate_interval(count: int, total: int, confidence: float, method: Literal["wilson", "exact"]) -> Bounds:
    """Return the interval of a share of independent rows.

    Args:
        count: 0 to `total`.
        total: at least 1.
        confidence: as 0.95.
        method: Wilson's score interval covers the confidence on average over rates; the exact one of Clopper and
            Pearson covers it at every rate, and is wider for it.
    """
    found = binomtest(count, total).proportion_ci(confidence, method)
    return float(found.low), float(found.high)


def auc_interval(scores: np.ndarray, labels: np.ndarray, confidence: float) -> tuple[Bounds, Method]:
    """Return the interval of the AUC of independent rows.

    It is DeLong's on the logit scale. On the plain scale it holds less often than it says: with 20 reals, 20 fakes and
    an AUC of 0.95 in 83 % of 1500 simulations, against 96 % on the logit scale; with 100 of each in 93 against 94 %.
    Where the logit scale has no place for it, as for an AUC of 1, it is Newcombe's.

    Args:
        scores: (N,).
        labels: (N,) true for fakes; of both classes.
        confidence: as 0.95.
    """
    return mean_auc_interval(scores[None], labels, confidence)


def mean_auc_interval(scores: np.ndarray, labels: np.ndarray, confidence: float) -> tuple[Bounds, Method]:
    """Return the interval of the mean AUC of several detectors on the same independent rows; see `auc_interval`.

    It is of the rows that are drawn: other detectors of the kind, as by other seeds, are not in it.

    Args:
        scores: (K, N).
        labels: (N,) true for fakes; of both classes.
        confidence: as 0.95.
    """
    areas, covariance = auc_covariance(scores, labels)
    area, error = float(areas.mean()), math.sqrt(covariance.mean())
    if 0 < area < 1 and error > 0:
        return logit_interval(area, error, norm.ppf((1 + confidence) / 2)), Method.DELONG
    num_fakes = int(np.count_nonzero(labels))
    return newcombe_interval(area, num_fakes, len(labels) - num_fakes, confidence), Method.NEWCOMBE


def logit_interval(value: float, error: float, quantile: float) -> Bounds:
    """Return the interval that reaches `quantile` standard errors to each side of a value on the logit scale.

    Args:
        value: above 0 and below 1.
        error: its standard error.
        quantile: as 1.96.
    """
    reach = quantile * error / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def newcombe_interval(auc: float, num_fakes: int, num_reals: int, confidence: float) -> Bounds:
    """Return the score interval of an AUC, which has a width for an AUC of 0 or 1 as well.

    Source: R. Newcombe, Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2,
        Statistics in Medicine 25, 2006: method 5.
    """
    z, half = norm.ppf((1 + confidence) / 2), (num_fakes + num_reals) / 2

    def low(area: float) -> float:
        def distance(theta: float) -> float:
            spread = 1 + (half - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
            return area - theta - z * math.sqrt(theta * (1 - theta) * spread / (num_fakes * num_reals))

        # The area itself is a second root where it is 1.
        return float(brentq(distance, 0, area * (1 - 1e-9))) if area > 0 else 0.0

    return low(auc), 1 - low(1 - auc)


def percentile_interval(replicates: np.ndarray, confidence: float, num_clusters: int) -> Bounds:
    """Return the percentiles of a metric's replicates, further apart the fewer clusters there are.

    Args:
        replicates: (R,) without NaN, at least one.
        confidence: as 0.95.
        num_clusters: of the smallest stratum, at least 2.

    Source: T. Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015: the
        expanded percentile interval. Plain percentiles know neither Student's t nor that n - 1 are free.
    """
    low, high = percentile_ends(replicates, confidence, num_clusters)
    return float(low), float(high)


def percentile_ends(replicates: np.ndarray, confidence: float, num_clusters: int) -> np.ndarray:
    """Return the ends (2, ...) of `percentile_interval` of each column of replicates (R, ...)."""
    share = beyond(confidence, num_clusters)
    return np.asarray(np.quantile(replicates, [share, 1 - share], axis=0))


def beyond(confidence: float, num_clusters: int) -> float:
    """Return the share of replicates that lie beyond each end of an expanded percentile interval.

    Example:
        >>> round(beyond(0.95, 10), 4), round(beyond(0.95, 10_000), 4)
        (0.0086, 0.025)
    """
    return float(norm.cdf(-reach(confidence, num_clusters)))


def reach(confidence: float, num_clusters: int) -> float:
    """Return how many standard errors of the bootstrap an interval reaches to each side.

    Example:
        >>> round(reach(0.95, 10), 2), round(reach(0.95, 10_000), 2)
        (2.38, 1.96)
    """
    return float(t.ppf((1 + confidence) / 2, num_clusters - 1) * math.sqrt(num_clusters / (num_clusters - 1)))


def percentile_p_value(replicates: np.ndarray, num_clusters: int) -> float:
    """Return the smallest level, two-sided, at which the percentile interval of a difference leaves out 0.

    Args:
        replicates: (R,) of a difference, without NaN.
        num_clusters: of the smallest stratum, at least 2.
    """
    beyond = min(np.count_nonzero(replicates <= 0), np.count_nonzero(replicates >= 0))
    distance = norm.isf((beyond + 1) / (len(replicates) + 1)) * math.sqrt((num_clusters - 1) / num_clusters)
    return float(min(1, 2 * t.sf(distance, num_clusters - 1)))
