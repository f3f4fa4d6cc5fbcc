"""The mean AUC of detectors, as of one recipe by several seeds, and whether another is better on the same rows."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.bootstrap import replicate_metrics
from deepfake.metrics.comparisons import delong_test
from deepfake.metrics.estimate import Difference, Estimate, Method, without_value
from deepfake.metrics.intervals import UNKNOWN, mean_auc_interval
from deepfake.metrics.measurement import require_settings
from deepfake.metrics.numbers import AT_HALF, missing
from deepfake.metrics.sample import checked_sample
from deepfake.metrics.weighted import WeightedMetrics
from deepfake.ranges import Confidence, Replicates, Seed


class MeanAucs:
    """The AUCs of detectors on the same rows, each bootstrapped once however often it is compared.

    Of one detector the interval is that of `measure`, and of two the test is that of `compare`: DeLong's if rows are
    independent, else the bootstrap over clusters. Of several, both are of the mean of their AUCs. What other detectors
    of the kind would reach is not in them.

    Args:
        scores: (K, N) P(fake) in [0, 1] by K detectors.
        labels: (N,) 0 real, 1 fake.
        clusters: as for `measure`.
        confidence: of the intervals.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: the arrays do not fit.
        ConfigError: another argument is out of range.
    """

    def __init__(
        self,
        scores: Sequence[ArrayLike],
        labels: ArrayLike,
        clusters: ArrayLike | None = None,
        *,
        confidence: Confidence = 0.95,
        replicates: Replicates = 2000,
        seed: Seed = 0,
    ) -> None:
        require_settings(confidence=confidence, replicates=replicates, seed=seed)
        self._samples = [checked_sample(each, labels, clusters) for each in scores]
        self._scores = np.stack([sample.scores for sample in self._samples])
        self._first = self._samples[0]
        self._confidence, self._replicates, self._seed = confidence, replicates, seed
        self._metrics = [WeightedMetrics(each.scores, each.labels, each.clusters, AT_HALF) for each in self._samples]
        self.values = np.concatenate(
            [each.auc(np.ones((1, self._first.num_clusters)))["auc"] for each in self._metrics]
        )

    @cached_property
    def _drawn(self) -> np.ndarray:
        """(K, R) the AUC of each detector in each replicate."""
        settings = self._first.resampling, self._replicates, self._seed
        # One detector after the other: each holds memory in every thread while it is at work, and there may be many.
        each = (replicate_metrics([metrics], *settings, WeightedMetrics.auc)[0] for metrics in self._metrics)
        return np.stack([found["auc"] for found in each])

    def estimate(self, members: Sequence[int]) -> Estimate:
        """Return the mean AUC of some of the detectors with its interval.

        Args:
            members: which of the K.
        """
        members = list(members)
        value = float(self.values[members].mean())
        if reason := missing("auc", self._first.labels, value):
            return without_value(reason)
        if not self._first.independent:
            drawn = self._drawn[members].mean(0)
            return self._first.replicates(drawn, "auc").estimate("auc", value, self._confidence)
        bounds, method = mean_auc_interval(self._scores[members], self._first.labels, self._confidence)
        return Estimate(value, *bounds, method, "")

    def difference(self, first: Sequence[int], second: Sequence[int]) -> Difference:
        """Return the mean AUC of some detectors minus that of others, with interval and p-value.

        Args:
            first: which of the K.
            second: the others.
        """
        first, second = list(first), list(second)
        value = float(self.values[first].mean() - self.values[second].mean())
        if reason := missing("auc", self._first.labels, value):
            return Difference(math.nan, *UNKNOWN, math.nan, Method.NONE, reason)
        if self._first.independent:
            scores = self._scores[[*first, *second]]
            return delong_test(scores, self._first.labels, self._confidence, len(first))
        drawn = self._drawn[first].mean(0) - self._drawn[second].mean(0)
        return self._first.replicates(drawn).difference(value, self._confidence)
