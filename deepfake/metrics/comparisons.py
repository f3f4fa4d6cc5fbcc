"""Whether one detector is better than another on the same videos."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from deepfake.metrics.bootstrap import replicate_metrics
from deepfake.metrics.delong import auc_covariance, difference_variance
from deepfake.metrics.estimate import Difference, Method
from deepfake.metrics.intervals import UNKNOWN
from deepfake.metrics.measurement import require_settings
from deepfake.metrics.numbers import AT_HALF, caution, metric_names, missing
from deepfake.metrics.replicated import LONE_CLUSTER
from deepfake.metrics.sample import checked_sample
from deepfake.metrics.weighted import WeightedMetrics
from deepfake.ranges import Confidence, Replicates, Seed


def compare(
    first: ArrayLike,
    second: ArrayLike,
    labels: ArrayLike,
    *,
    thresholds: Mapping[str, float] = AT_HALF,
    second_thresholds: Mapping[str, float] | None = None,
    clusters: ArrayLike | None = None,
    confidence: Confidence = 0.95,
    replicates: Replicates = 2000,
    seed: Seed = 0,
) -> dict[str, Difference]:
    """Compute the difference of two detectors in every metric, first minus second, with intervals and p-values.

    The AUC of independent rows is compared by DeLong's paired test, all else by a bootstrap that draws the same
    clusters for both, whose p-value is the level at which its interval leaves out 0.

    Args:
        first: (N,) P(fake) by one detector.
        second: (N,) P(fake) by the other, of the same rows.
        labels: (N,) 0 real, 1 fake.
        thresholds: suffix of the names -> threshold, as for `all_numbers`.
        second_thresholds: those of the second detector, with the same suffixes, if they are others.
        clusters: as for `measure`.
        confidence: of the intervals.
        replicates: of the bootstrap; the more, the smaller a p-value can be.
        seed: of the bootstrap.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: the rows are not of one length, or the suffixes differ.
        ConfigError: another argument is out of range.
    """
    require_settings(confidence=confidence, replicates=replicates, seed=seed)
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
    values = _difference(*(each(np.ones((1, pair[0].num_clusters))) for each in metrics))
    drawn = _difference(*replicate_metrics(metrics, pair[0].resampling, replicates, seed))

    def difference(name: str, base: str) -> Difference:
        value = float(values[name][0])
        if reason := missing(base, pair[0].labels, value):
            return Difference(math.nan, *UNKNOWN, math.nan, Method.NONE, reason)
        if pair[0].independent and name == "auc":
            return delong_test(np.stack([sample.scores for sample in pair]), pair[0].labels, confidence)
        return pair[0].replicates(drawn[name]).difference(value, confidence, caution(base, pair[0].labels))

    return {name: difference(name, base) for name, base in metric_names(thresholds).items()}


def _difference(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: first[name] - second[name] for name in first}


def delong_test(scores: np.ndarray, labels: np.ndarray, confidence: float, num_first: int = 1) -> Difference:
    """Compare the mean AUCs of two groups of detectors on the same independent rows, by DeLong's test.

    Detectors that rank all rows alike have a p-value of 1. Where the variance is 0 for another reason, as for a perfect
    and a constant detector, or not known, as for a single real, there is no p-value.

    Args:
        scores: (K, N) of the first group's detectors, then of the second's.
        labels: (N,) true for fakes.
        confidence: of the interval.
        num_first: size of the first group.
    """
    areas, _ = auc_covariance(scores, labels)
    value = float(areas[:num_first].mean() - areas[num_first:].mean())
    variance = difference_variance(scores, labels, num_first)
    if variance > 0:
        error = math.sqrt(variance)
        reach = float(norm.ppf((1 + confidence) / 2)) * error
        p_value = float(2 * norm.sf(abs(value) / error))
        return Difference(value, value - reach, value + reach, p_value, Method.DELONG, "")
    if variance == 0 and value == 0:
        return Difference(value, 0.0, 0.0, 1.0, Method.DELONG, "both rank all rows alike")
    reason = LONE_CLUSTER if math.isnan(variance) else "the difference has no variance, so there is no p-value"
    return Difference(value, *UNKNOWN, math.nan, Method.NONE, reason)
