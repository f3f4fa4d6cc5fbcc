"""The bootstrap over clusters: whole clusters are drawn again, so that what correlates stays together.

If every cluster has one class, as videos do, reals and fakes are drawn apart: how many there are of each is a choice of
whoever made the corpus, not of chance, and no replicate can lose a class. People have videos of both classes; their
clusters are drawn from all, and the rare replicate that has one class alone leaves undefined metrics undefined.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from deepfake.cores import num_cores
from deepfake.metrics.weighted import WeightedMetrics

BLOCK = 2**20  # weights of rows that a thread holds at once, in five arrays of 8 MB; fewer would be mostly calls


@dataclass(frozen=True, slots=True)
class Resampling:
    """Which clusters are drawn together.

    Attributes:
        strata: numbers of the clusters of each stratum.
        num_clusters: number of all clusters.
    """

    strata: tuple[np.ndarray, ...]
    num_clusters: int

    @property
    def smallest(self) -> int:
        """Number of clusters in the smallest stratum; 0 if there is none."""
        return min(map(len, self.strata), default=0)

    def draw(self, seed: int, replicate: int) -> np.ndarray:
        """Return how often each cluster is drawn (C,); a replicate is the same whatever is drawn beside it."""
        generator = np.random.default_rng([seed, replicate])
        drawn = [members[generator.integers(len(members), size=len(members))] for members in self.strata]
        return np.bincount(np.concatenate([[], *drawn]).astype(np.intp), minlength=self.num_clusters).astype(np.float64)


def plan_resampling(clusters: np.ndarray, labels: np.ndarray) -> Resampling:
    """Stratify by class if every cluster has one class.

    Args:
        clusters: (N,) numbers from 0 to C - 1.
        labels: (N,) true for fakes.

    Example:
        >>> plan_resampling(np.array([0, 0, 1, 2]), np.array([True, True, False, True])).strata
        (array([0, 2]), array([1]))
    """
    num_clusters = int(clusters.max(initial=-1)) + 1
    of_fakes, of_reals = (np.bincount(clusters[part], minlength=num_clusters) > 0 for part in (labels, ~labels))
    parts = (np.ones(num_clusters, bool),) if (of_fakes & of_reals).any() else (of_fakes, of_reals)
    return Resampling(tuple(np.flatnonzero(part) for part in parts if part.any()), num_clusters)


def replicate_metrics(
    metrics: Sequence[WeightedMetrics],
    resampling: Resampling,
    replicates: int,
    seed: int,
    compute: Callable[[WeightedMetrics, np.ndarray], dict[str, np.ndarray]] = WeightedMetrics.__call__,
) -> list[dict[str, np.ndarray]]:
    """Compute the metrics of several detectors on the same replicates.

    Threads share the work; no number depends on how many there are.

    Args:
        metrics: one of each detector, all with the same clusters.
        resampling: how clusters are drawn.
        replicates: R.
        seed: of the draws.
        compute: what is computed of a detector under weights; `WeightedMetrics.auc` is faster than all.

    Returns:
        For each detector (R,) of each metric; NaN where one is not defined.
    """
    height = max(1, BLOCK // max(len(metrics[0].clusters), 1))

    def block(start: int) -> list[dict[str, np.ndarray]]:
        drawn = np.stack([resampling.draw(seed, i) for i in range(start, min(start + height, replicates))])
        return [compute(each, drawn) for each in metrics]

    with ThreadPoolExecutor(num_cores()) as pool:
        blocks = list(pool.map(block, range(0, replicates, height)))
    return [
        {name: np.concatenate([found[i][name] for found in blocks]) for name in blocks[0][i]}
        for i in range(len(metrics))
    ]
