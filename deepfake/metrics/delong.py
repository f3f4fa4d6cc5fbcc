"""The covariance of the AUCs of several detectors on the same videos, without assumptions about their scores."""

import numpy as np
from scipy.stats import rankdata


def placements(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of reals below each fake, and of fakes above each real; equal scores count as half.

    Args:
        scores: (K, N) of K detectors.
        labels: (N,) true for fakes.

    Returns:
        (K, M) of the M fakes, and (K, N - M) of the reals. The mean of either is a detector's AUC.

    Source: X. Sun and W. Xu, Fast implementation of DeLong's algorithm, IEEE Signal Processing Letters 21, 2014: ranks
        take the place of all pairs.
    """
    fakes, reals = scores[:, labels], scores[:, ~labels]
    together = rankdata(scores, axis=1) if scores.size else scores
    of_fakes = (together[:, labels] - _ranks(fakes)) / max(reals.shape[1], 1)
    of_reals = 1 - (together[:, ~labels] - _ranks(reals)) / max(fakes.shape[1], 1)
    return of_fakes, of_reals


def _ranks(scores: np.ndarray) -> np.ndarray:
    return rankdata(scores, axis=1) if scores.size else scores


def auc_covariance(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the AUCs (K,) of K detectors and their covariance (K, K).

    Both are NaN if a class is missing, and the covariance if a class has a single video.

    Args:
        scores: (K, N).
        labels: (N,) true for fakes.

    Source: E. DeLong, D. DeLong, D. Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
        characteristic curves, Biometrics 44, 1988.
    """
    of_fakes, of_reals = placements(scores, labels)
    unknown = np.full((len(scores), len(scores)), np.nan)
    if not of_fakes.shape[1] or not of_reals.shape[1]:
        return unknown[0], unknown
    areas = of_fakes.mean(axis=1)
    if min(of_fakes.shape[1], of_reals.shape[1]) < 2:
        return areas, unknown
    return areas, sum(np.atleast_2d(np.cov(part)) / part.shape[1] for part in (of_fakes, of_reals))


def difference_variance(scores: np.ndarray, labels: np.ndarray, num_first: int = 1) -> float:
    """Return the variance of the difference of two mean AUCs: exactly 0 for detectors that rank alike; NaN as above.

    Args:
        scores: (K, N); those of two detectors, or of two groups of them, as of several seeds.
        labels: (N,) true for fakes.
        num_first: how many of the K are in the first group.
    """
    parts = [part[:num_first].mean(0) - part[num_first:].mean(0) for part in placements(scores, labels)]
    if min(map(len, parts)) < 2:
        return np.nan
    return float(sum(part.var(ddof=1) / len(part) for part in parts))
