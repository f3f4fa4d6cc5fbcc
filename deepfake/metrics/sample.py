"""The rows that are measured, checked, and how they are drawn again."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.bootstrap import Resampling, plan_resampling
from deepfake.metrics.estimate import Method
from deepfake.metrics.replicated import Replicates
from deepfake.metrics.rows import checked_clusters, checked_rows


@dataclass(frozen=True)
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

    @cached_property
    def independent(self) -> bool:
        """Whether each row is a cluster of its own."""
        return self.num_clusters == len(self.scores)

    @property
    def num_clusters(self) -> int:
        """C."""
        return self.resampling.num_clusters

    @cached_property
    def resampling(self) -> Resampling:
        """How the bootstrap draws the clusters."""
        return plan_resampling(self.clusters, self.labels)

    def replicates(self, values: np.ndarray, base: str = "") -> Replicates:
        """Return what the bootstrap gave for one metric.

        Args:
            values: (R,).
            base: the metric's name without suffix; recall and specificity hang on the clusters of one class alone.
        """
        method = Method.BOOTSTRAP if self.independent else Method.CLUSTER_BOOTSTRAP
        of_class = {"recall": self.labels, "specificity": ~self.labels}.get(base)
        number = self.resampling.smallest if of_class is None else len(np.unique(self.clusters[of_class]))
        return Replicates(values, number, method)

    def rate(self, name: str, threshold: float) -> tuple[int, int]:
        """Return count and total of accuracy, recall or specificity."""
        right = (self.scores > threshold) == self.labels
        of = {"accuracy": np.ones_like(right), "recall": self.labels, "specificity": ~self.labels}[name]
        return int(np.count_nonzero(right & of)), int(np.count_nonzero(of))


def checked_sample(scores: ArrayLike, labels: ArrayLike, clusters: ArrayLike | None) -> Sample:
    """Check rows and clusters.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: they are not of one length, or the clusters no whole numbers.
    """
    checked, fake = checked_rows(scores, labels)
    return Sample(checked, fake, checked_clusters(clusters, len(checked)))
