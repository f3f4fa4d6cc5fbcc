"""Whether one detector is better than another on the same videos."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from deepfake.metrics.bootstrap import plan_resampling, replicate_metrics
from deepfake.metrics.delong import auc_covariance, difference_variance
from deepfake.metrics.estimate import Difference, Method
from deepfake.metrics.intervals import NO_WIDTH, UNKNOWN, percentile_interval
from deepfake.metrics.measurement import (
    LONE_CLUSTER,
    NO_CALLS,
    Sample,
    bootstrap_method,
    checked_sample,
    require_settings,
)
from deepfake.metrics.numbers import AT_HALF, metric_names, missing
from deepfake.metrics.weighted import WeightedMetrics


def compare(
    first: ArrayLike,
    second: ArrayLike,
    labels: ArrayLike,
    *,
    thresholds: Mapping[str, float] = AT_HALF,
    second_thresholds: Mapping[str, float] | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compute the difference of two detectors in every metric, first minus second, with intervals and p-values.

    The AUC of independent rows is compared by DeLong's paired test, all else by a bootstrap that draws the same
    clusters for both. Its p-value is twice the share of replicates on the other side of 0, so it agrees with the
    interval.

    Args:
        first: (N,) P(fake) by one detector.
        second: (N,) P(fake) by the other, of the same rows.
        labels: (N,) 0 real, 1 fake.
        thresholds: suffix of the names -> threshold, as for `all_numbers`.
        second_thresholds: those of the second detector, with the same suffixes, if they are others.
        clusters: as for `measure`.
        confidence: of the intervals, above 0 and below 1.
        replicates: of the bootstrap, at least 2; no p-value of it is below 2 / (replicates + 1).
        seed: of the bootstrap, not negative.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: the arguments are not of one length or out of range, or the suffixes differ.
    """
    require_settings(confidence, replicates, seed)
    if second_thresholds is None:
        second_thresholds = thresholds
    if second_thresholds.keys() != thresholds.keys():
        raise ValueError(
            f"second_thresholds has {sorted(second_thresholds)} and thresholds {sorted(thresholds)}: name the same ones"
        )
    pair = checked_sample(first, labels, clusters), checked_sample(second, labels, clusters)
    metrics = [
        WeightedMetrics(sample.scores, sample.labels, sample.clusters, at)
        for sample, at in zip(pair, (thresholds, second_thresholds), strict=True)
    ]
    ones = np.ones((1, metrics[0].num_clusters))
    values = _difference(*(each(ones) for each in metrics))
    resampling = plan_resampling(pair[0].clusters, pair[0].labels)
    drawn = _difference(*replicate_metrics(metrics, resampling, replicates, seed)) if resampling.smallest > 1 else None

    def difference(name: str, base: str) -> Difference:
        value = float(values[name][0])
        if reason := missing(base, pair[0].labels) or (NO_CALLS if math.isnan(value) else ""):
            return Difference(math.nan, *UNKNOWN, math.nan, Method.NONE, reason)
        if pair[0].independent and name == "auc":
            return delong_test(*pair, confidence)
        if drawn is None:
            return Difference(value, *UNKNOWN, math.nan, Method.NONE, LONE_CLUSTER)
        return _bootstrap_test(value, drawn[name], confidence, bootstrap_method(pair[0]))

    return {name: difference(name, base) for name, base in metric_names(thresholds).items()}


def _difference(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: first[name] - second[name] for name in first}


def delong_test(first: Sample, second: Sample, confidence: float) -> Difference:
    """Compare the AUCs of two detectors on the same independent rows, by DeLong's test.

    Detectors that rank all rows alike have a p-value of 1. Where the variance is 0 for another reason, as for a perfect
    and a constant detector, or not known, as for a single real, there is no p-value.
    """
    scores, labels = np.stack([first.scores, second.scores]), first.labels
    areas, _ = auc_covariance(scores, labels)
    value, variance = float(areas[0] - areas[1]), difference_variance(scores, labels)
    if variance > 0:
        error = math.sqrt(variance)
        reach = norm.ppf((1 + confidence) / 2) * error
        p_value = float(2 * norm.sf(abs(value) / error))
        return Difference(value, value - reach, value + reach, p_value, Method.DELONG, "")
    if variance == 0 and value == 0:
        return Difference(value, 0.0, 0.0, 1.0, Method.DELONG, "both rank all rows alike")
    reason = LONE_CLUSTER if math.isnan(variance) else "the difference has no variance, so there is no p-value"
    return Difference(value, *UNKNOWN, math.nan, Method.NONE, reason)


def _bootstrap_test(value: float, replicates: np.ndarray, confidence: float, method: Method) -> Difference:
    known = replicates[np.isfinite(replicates)]
    if len(known) and not known.any() and value == 0:
        return Difference(value, 0.0, 0.0, 1.0, method, "the two are equal in every replicate")
    (low, high), note = percentile_interval(replicates, confidence)
    if note == NO_WIDTH:
        return Difference(value, *UNKNOWN, math.nan, Method.NONE, note)
    side = min(np.count_nonzero(known <= 0), np.count_nonzero(known >= 0))
    return Difference(value, low, high, min(1.0, 2 * (side + 1) / (len(known) + 1)), method, note)
