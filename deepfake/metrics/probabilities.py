"""How well scores serve as probabilities, among files of which a given share is fake.

A corpus has as many fakes as its authors made: five to a real in FaceForensics++. A score that says 0.5 where nothing
speaks for either is right among files of which half are fake, and looks wrong on such a corpus. So each class counts
here as the share says. With the rows' own share the numbers are those of `all_numbers`.
"""

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.calibration_error import Gaps, calibration_error
from deepfake.metrics.estimate import Estimate, without_value
from deepfake.metrics.numbers import MEANS, caution
from deepfake.metrics.sample import Sample, checked_sample
from deepfake.metrics.weighted import GAPS, LARGEST_LOSS, NUM_BINS
from deepfake.ranges import Confidence, Prior, Replicates, Seed


def measure_probabilities(
    scores: ArrayLike,
    labels: ArrayLike,
    prior: Prior,
    *,
    clusters: ArrayLike | None = None,
    confidence: Confidence = 0.95,
    replicates: Replicates = 2000,
    seed: Seed = 0,
) -> dict[str, Estimate]:
    """Compute `log_loss`, `brier` and `ece`, as `all_numbers` describes them, with intervals of the bootstrap.

    Args:
        scores: (N,) P(fake) in [0, 1].
        labels: (N,) 0 real, 1 fake.
        prior: the share of fakes that the rows stand for.
        clusters: (N,) whole numbers: the person of each video. None if rows are independent.
        confidence: of the intervals.
        replicates: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: scores, labels and clusters are not of one length.

    Example:
        >>> round(measure_probabilities([0.9, 0.8, 0.2], [1, 1, 0], 0.5)["brier"].value, 4)
        0.0325
    """
    sample = checked_sample(scores, labels, clusters)
    if not 0 < np.count_nonzero(sample.labels) < len(sample.labels):
        return dict.fromkeys(MEANS, without_value("it needs both classes"))
    sums = _cluster_sums(sample)
    values = _means(sums.sum(axis=1, keepdims=True), prior)
    draws = (sample.resampling.draw(seed, number) for number in range(replicates))  # one at a time: 50,000 videos fit
    drawn_values = _means(np.stack([np.einsum("kcm,c->km", sums, draw) for draw in draws], axis=1), prior)
    pairs = np.unique(np.stack([_bins(sample.scores), sample.clusters]), axis=1)
    inside = np.bincount(pairs[0], minlength=NUM_BINS)  # how many clusters have rows in each bin
    gaps = Gaps(values[GAPS][0], drawn_values[GAPS], inside)
    return {
        name: sample.replicates(drawn_values[name]).estimate(
            name,
            float(values[name][0]),
            confidence,
            caution(name, sample.labels),
            gaps if name == "ece" else None,
        )
        for name in MEANS
    }


def _cluster_sums(sample: Sample) -> np.ndarray:
    """Sum over the reals, and over the fakes, of each cluster what a mean is taken of: (2, C, 3 + bins).

    The columns are the rows themselves, their log-losses, their squared errors, and in each bin their errors.
    """
    score, label = sample.scores, sample.labels.astype(np.float64)
    right = np.where(sample.labels, score, 1 - score)
    with np.errstate(divide="ignore"):
        loss = np.minimum(-np.log(right), LARGEST_LOSS)
    sums = np.zeros((2, sample.num_clusters, 3 + NUM_BINS))
    columns = np.stack([np.ones_like(score), loss, (label - score) ** 2], axis=1)
    of_class = sample.labels.astype(np.intp)
    np.add.at(sums[:, :, :3], (of_class, sample.clusters), columns)
    np.add.at(sums, (of_class, sample.clusters, 3 + _bins(score)), label - score)
    return sums


def _bins(score: np.ndarray) -> np.ndarray:
    """Return the bin of each score, from 0."""
    return np.minimum(np.searchsorted(np.linspace(0, 1, NUM_BINS + 1), score, side="right") - 1, NUM_BINS - 1)


def _means(sums: np.ndarray, prior: float) -> dict[str, np.ndarray]:
    """Return the numbers of several weightings, (R,) each, and `GAPS`; NaN where one lacks a class.

    Args:
        sums: (2, R, 3 + bins), as `_cluster_sums` describes them.
        prior: the share of fakes.
    """
    rows = np.where(sums[..., 0] > 0, sums[..., 0], np.nan)
    reals, fakes = sums / rows[..., None]
    mixed = (1 - prior) * reals + prior * fakes
    gaps = mixed[:, 3:]
    return {"log_loss": mixed[:, 1], "brier": mixed[:, 2], "ece": calibration_error(gaps), GAPS: gaps}
