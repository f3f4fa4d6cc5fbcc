"""Pointwise bands around the ROC and the precision-recall curve, by the bootstrap that numbers have intervals by."""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.bootstrap import replicate_metrics
from deepfake.metrics.estimate import Band
from deepfake.metrics.measurement import require_settings
from deepfake.metrics.numbers import AT_HALF
from deepfake.metrics.sample import checked_sample
from deepfake.metrics.weighted import WeightedMetrics
from deepfake.ranges import Confidence, Replicates, Seed


class CurveBands(NamedTuple):
    """Bands at the points that were asked for.

    Attributes:
        tpr: of the true-positive rate at each false-positive rate.
        precision: of the precision at each recall.
    """

    tpr: Band
    precision: Band


def curve_bands(
    scores: ArrayLike,
    labels: ArrayLike,
    fprs: ArrayLike,
    recalls: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence: Confidence = 0.95,
    replicates: Replicates = 2000,
    seed: Seed = 0,
) -> CurveBands:
    """Compute bands around the curves of rows of both classes.

    Each point has the interval that a single one has by the bootstrap: at a false-positive rate of 0.1 the band's ends
    are those of `measure`'s `tpr_at_fpr_0.1`. That all of a curve lies within holds less often than 95 %.

    Args:
        scores: (N,) P(fake) in [0, 1].
        labels: (N,) 0 real, 1 fake.
        fprs: (F,) in [0, 1]: the true-positive rate is the highest of all thresholds with at most this rate.
        recalls: (H,) above 0 and at most 1: the precision is that of the highest threshold that reaches it.
        clusters: as for `measure`.
        confidence: of each point.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: the rows are not of one length, or all of one class.
        ConfigError: another argument is out of range.
    """
    require_settings(confidence=confidence, replicates=replicates, seed=seed)
    sample = checked_sample(scores, labels, clusters)
    if not 0 < np.count_nonzero(sample.labels) < len(sample.labels):
        raise ValueError("there are no curves of one class alone")
    metrics = WeightedMetrics(sample.scores, sample.labels, sample.clusters, AT_HALF)
    points = partial(WeightedMetrics.points, fprs=np.asarray(fprs, float), recalls=np.asarray(recalls, float))
    drawn = replicate_metrics([metrics], sample.resampling, replicates, seed, points)[0]
    # The mean over points is undefined where they are, and differs between replicates if any point does.
    return CurveBands(*(sample.replicates(drawn[name].mean(axis=1)).band(drawn[name], confidence) for name in drawn))
