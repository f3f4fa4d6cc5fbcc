"""Every metric of one level with its interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.bootstrap import plan_resampling, replicate_metrics
from deepfake.metrics.decision import RATES
from deepfake.metrics.estimate import Estimate, Method, without_value
from deepfake.metrics.intervals import UNKNOWN, auc_interval, percentile_interval, rate_interval
from deepfake.metrics.numbers import AT_HALF, metric_names, missing
from deepfake.metrics.rows import checked_clusters, checked_rows
from deepfake.metrics.weighted import WeightedMetrics

LONE_CLUSTER = "a class has a single cluster, so there is no interval"
NO_CALLS = "it is a ratio of nothing to nothing: no row is called fake"


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows that are measured.

    Attributes:
        scores: (N,) P(fake).
        labels: (N,) true for fakes.
        clusters: (N,) numbers from 0 to C - 1.
    """

    scores: np.ndarray
    labels: np.ndarray
    clusters: np.ndarray

    @property
    def independent(self) -> bool:
        """Whether each row is a cluster of its own."""
        return int(self.clusters.max(initial=-1)) + 1 == len(self.scores)

    def rate(self, name: str, threshold: float) -> tuple[int, int]:
        """Return count and total of one of `RATES`."""
        called = self.scores > threshold
        right = called == self.labels
        of = {"accuracy": np.ones_like(right), "recall": self.labels, "specificity": ~self.labels}[name]
        return int(np.count_nonzero(right & of)), int(np.count_nonzero(of))


def measure(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    thresholds: Mapping[str, float] = AT_HALF,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
    rates: Literal["wilson", "exact"] = "wilson",
) -> dict[str, Estimate]:
    """Compute all metrics of `all_numbers` with intervals.

    Of independent rows, accuracy, recall and specificity have Wilson's or the exact interval, and the AUC DeLong's. All
    other intervals are percentiles of a bootstrap over clusters.

    Args:
        scores: (N,) P(fake) in [0, 1].
        labels: (N,) 0 real, 1 fake.
        thresholds: suffix of the names -> threshold, as for `all_numbers`.
        clusters: (N,) whole numbers: the video of each clip, or the person of each video. None if rows are independent.
        confidence: of the intervals, above 0 and below 1.
        replicates: of the bootstrap, at least 2.
        seed: of the bootstrap, not negative.
        rates: the interval of rates of independent rows.

    Returns:
        Name -> number with interval, method and note.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: scores, labels and clusters are not of one length, or another argument is out of range.

    Example:
        >>> measure([0.9, 0.4, 0.1, 0.2], [1, 1, 0, 0])["recall"]
        Estimate(value=0.5, low=0.09..., high=0.90..., method=<Method.WILSON: 'Wilson'>, note='')
    """
    require_settings(confidence, replicates, seed)
    sample = checked_sample(scores, labels, clusters)
    metrics = WeightedMetrics(sample.scores, sample.labels, sample.clusters, thresholds)
    values = metrics(np.ones((1, metrics.num_clusters)))
    resampling = plan_resampling(sample.clusters, sample.labels)
    drawn = replicate_metrics([metrics], resampling, replicates, seed)[0] if resampling.smallest > 1 else None
    of_rates = {f"{name}{suffix}": (name, at) for suffix, at in thresholds.items() for name in RATES}

    def estimate(name: str, base: str) -> Estimate:
        value = float(values[name][0])
        if reason := missing(base, sample.labels) or (NO_CALLS if math.isnan(value) else ""):
            return without_value(reason)
        if sample.independent and name in of_rates:
            count, total = sample.rate(*of_rates[name])
            method = Method.WILSON if rates == "wilson" else Method.EXACT
            return Estimate(value, *rate_interval(count, total, confidence, rates), method, "")
        if sample.independent and name == "auc":
            bounds, method = auc_interval(sample.scores, sample.labels, confidence)
            return Estimate(value, *bounds, method, "")
        if drawn is None:
            return Estimate(value, *UNKNOWN, Method.NONE, LONE_CLUSTER)
        bounds, note = percentile_interval(drawn[name], confidence)
        return Estimate(value, *bounds, bootstrap_method(sample) if not math.isnan(bounds[0]) else Method.NONE, note)

    return {name: estimate(name, base) for name, base in metric_names(thresholds).items()}


def require_settings(confidence: float, replicates: int, seed: int) -> None:
    """Check the arguments that all intervals share.

    Raises:
        ValueError: one is out of range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: it must be above 0 and below 1, as 0.95")
    if replicates < 2 or seed < 0:
        raise ValueError(f"replicates={replicates}, seed={seed}: give at least 2 replicates and a seed from 0 on")


def checked_sample(scores: ArrayLike, labels: ArrayLike, clusters: ArrayLike | None) -> Sample:
    """Check rows and clusters.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: they are not of one length, or the clusters no whole numbers.
    """
    checked, fake = checked_rows(scores, labels)
    return Sample(checked, fake, checked_clusters(clusters, len(checked)))


def bootstrap_method(sample: Sample) -> Method:
    """Return the name of the bootstrap over a sample's clusters."""
    return Method.BOOTSTRAP if sample.independent else Method.CLUSTER_BOOTSTRAP
