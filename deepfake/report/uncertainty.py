"""How far the curves of a run are sure: the bands around them, by the bootstrap of its numbers.

Picture, page and dashboard draw the same bands, one after the other, so the last ones are kept and not computed again.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from deepfake.corpora.groups import GroupedBy
from deepfake.metrics import Band, Method, curve_bands
from deepfake.report.independent import WORDS, resampled

REPLICATES = 2000  # as of the intervals; of 50,000 videos they take seconds
_MOST_STEPS = 100  # of a scale; of fewer videos every rate that they can have


class Uncertainty(NamedTuple):
    """The bands around the curves of all videos.

    Attributes:
        fprs: (F,) false-positive rates, rising.
        tpr: the band of the true-positive rate at them.
        recalls: (H,) recalls, rising.
        precision: the band of the precision at them.
        over: what the bootstrap drew.
    """

    fprs: np.ndarray
    tpr: Band
    recalls: np.ndarray
    precision: Band
    over: str

    @property
    def known(self) -> bool:
        """Whether there are bands."""
        return self.tpr.method is not Method.NONE

    @property
    def said(self) -> str:
        """How the bands were found, or why there are none."""
        if not self.known:
            return f"There is no band: {self.tpr.note}."
        how = f"The band, of all videos, is 95 % at each point, by {REPLICATES} bootstrap replicates over {self.over}"
        return f"{how}{f'; {self.tpr.note}' if self.tpr.note else ''}."


def curve_uncertainty(videos: pd.DataFrame, people: GroupedBy, seed: int) -> Uncertainty:
    """Compute the bands around the curves of videos of both classes.

    Args:
        videos: `video_id`, `label`, `score`, and `person` if people are known; one row a video.
        people: what `person` tells apart.
        seed: of the bootstrap; with that of the numbers, bands and intervals agree.
    """
    clusters, by = resampled(videos, people)
    label, score = videos["label"].to_numpy(np.int64), videos["score"].to_numpy(np.float64)
    return Uncertainty(*_bands(score.tobytes(), label.tobytes(), clusters.astype(np.int64).tobytes(), seed), WORDS[by])


@lru_cache(maxsize=2)
def _bands(scores: bytes, labels: bytes, clusters: bytes, seed: int) -> tuple[np.ndarray, Band, np.ndarray, Band]:
    """Return the first attributes of `Uncertainty`, of rows as the bytes of float64 and int64."""
    score, label, cluster = np.frombuffer(scores), np.frombuffer(labels, np.int64), np.frombuffer(clusters, np.int64)
    fakes = int((label == 1).sum())
    fprs, recalls = _scale(len(label) - fakes), _scale(fakes)[1:]
    found = curve_bands(score, label, fprs, recalls, clusters=cluster, replicates=REPLICATES, seed=seed)
    return fprs, found.tpr, recalls, found.precision


def _scale(count: int) -> np.ndarray:
    """Return rising rates from 0 to 1 that some of so many videos can have.

    Of many videos these are even steps, and closer ones near both ends, which a DET curve shows large.

    Example:
        >>> _scale(4).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if count <= _MOST_STEPS:
        return np.arange(count + 1) / count
    near = np.geomspace(1 / count, 0.1, _MOST_STEPS // 3)
    return np.unique(np.round(np.concatenate([np.linspace(0, 1, _MOST_STEPS + 1), near, 1 - near]) * count)) / count
