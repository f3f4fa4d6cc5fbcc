"""Every metric of one level with its interval."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from deepfake.errors import ConfigError
from deepfake.metrics.bootstrap import replicate_metrics
from deepfake.metrics.decision import RATES
from deepfake.metrics.estimate import Estimate, Method, without_value
from deepfake.metrics.intervals import auc_interval, rate_interval
from deepfake.metrics.numbers import AT_HALF, caution, metric_names, missing
from deepfake.metrics.sample import Sample, checked_sample
from deepfake.metrics.weighted import GAPS, WeightedMetrics
from deepfake.options import fault, types_of
from deepfake.ranges import Confidence, Replicates, Seed

Rates = Literal["wilson", "exact"]


def measure(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    thresholds: Mapping[str, float] = AT_HALF,
    clusters: ArrayLike | None = None,
    confidence: Confidence = 0.95,
    replicates: Replicates = 2000,
    seed: Seed = 0,
    rates: Rates = "wilson",
) -> dict[str, Estimate]:
    """Compute all metrics of `all_numbers` with intervals.

    Of independent rows, accuracy, recall and specificity have Wilson's or the exact interval, and the AUC DeLong's. All
    other intervals come from a bootstrap over clusters: they are its percentiles, for the AUC its standard error on the
    logit scale, and for the calibration error the errors that its replicates do not refute.

    Args:
        scores: (N,) P(fake) in [0, 1].
        labels: (N,) 0 real, 1 fake.
        thresholds: suffix of the names -> threshold, as for `all_numbers`.
        clusters: (N,) whole numbers: the video of each clip, or the person of each video. None if rows are independent.
        confidence: of the intervals.
        replicates: of the bootstrap.
        seed: of the bootstrap.
        rates: the interval of rates of independent rows.

    Returns:
        Name -> number with interval, method and note.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: scores, labels and clusters are not of one length.
        ConfigError: another argument is out of range.

    Example:
        >>> measure([0.9, 0.4, 0.1, 0.2], [1, 1, 0, 0])["recall"]
        Estimate(value=0.5, low=0.09..., high=0.90..., method=<Method.WILSON: 'Wilson'>, note='')
    """
    require_settings(confidence=confidence, replicates=replicates, seed=seed, rates=rates)
    sample = checked_sample(scores, labels, clusters)
    metrics = WeightedMetrics(sample.scores, sample.labels, sample.clusters, thresholds)
    values = metrics(np.ones((1, sample.num_clusters)))
    drawn = replicate_metrics([metrics], sample.resampling, replicates, seed)[0]
    formulas = _by_formula(sample, thresholds, confidence, rates) if sample.independent else {}

    def estimate(name: str, base: str) -> Estimate:
        value = float(values[name][0])
        if reason := missing(base, sample.labels, value):
            return without_value(reason)
        if name in formulas:
            return formulas[name](value)
        gaps = metrics.gaps(values[GAPS][0], drawn[GAPS]) if base == "ece" else None
        said = caution(base, sample.labels)
        return sample.replicates(drawn[name], base).estimate(base, value, confidence, said, gaps)

    return {name: estimate(name, base) for name, base in metric_names(thresholds).items()}


def _by_formula(
    sample: Sample, thresholds: Mapping[str, float], confidence: float, rates: Rates
) -> dict[str, Callable[[float], Estimate]]:
    """Return what gives the estimate for the value of a metric of independent rows, if it needs no bootstrap."""
    method = {"wilson": Method.WILSON, "exact": Method.EXACT}[rates]

    def of_rate(name: str, threshold: float, value: float) -> Estimate:
        return Estimate(value, *rate_interval(*sample.rate(name, threshold), confidence, rates), method, "")

    def of_auc(value: float) -> Estimate:
        bounds, used = auc_interval(sample.scores, sample.labels, confidence)
        return Estimate(value, *bounds, used, "")

    found = {f"{name}{suffix}": partial(of_rate, name, at) for suffix, at in thresholds.items() for name in RATES}
    return {**found, "auc": of_auc}


def require_settings(**given: Any) -> None:
    """Check the arguments that are plain values.

    Raises:
        ConfigError: one is of another type or out of range.
    """
    kinds = types_of(measure)
    if faults := [*filter(None, (fault(name, value, kinds[name]) for name, value in given.items()))]:
        raise ConfigError("; ".join(faults))
