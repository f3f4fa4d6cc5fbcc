"""The points of curves and bars, from the scores of videos."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.stats import norm
from torchmetrics.functional.classification import binary_precision_recall_curve, binary_roc

from deepfake.metrics import THRESHOLD

MOST_POINTS = 400  # of a curve; on a screen nobody sees more
NUM_BARS = 20  # of the histogram


class Rates(NamedTuple):
    """Points of a curve, in the order of falling thresholds.

    Attributes:
        x: (P,) in [0, 1].
        y: (P,) in [0, 1].
    """

    x: np.ndarray
    y: np.ndarray

    def thinned(self) -> "Rates":
        """Return at most about `MOST_POINTS`, which are as far apart along the curve; the ends stay."""
        if len(self.x) <= MOST_POINTS:
            return self
        steps = np.hypot(np.diff(self.x, prepend=self.x[:1]), np.diff(self.y, prepend=self.y[:1]))
        along = np.floor(np.cumsum(steps) / max(steps.sum(), 1e-12) * (MOST_POINTS - 2))
        kept = np.flatnonzero(np.diff(along, prepend=-1, append=MOST_POINTS)[:-1] > 0)
        kept = np.union1d(kept, [0, len(self.x) - 1])
        return Rates(self.x[kept], self.y[kept])


def roc_points(videos: pd.DataFrame) -> Rates:
    """Return false-positive and true-positive rates at every threshold.

    Args:
        videos: `label`, `score`, one row a video, with both classes.
    """
    false_alarm, hit, _ = binary_roc(*_tensors(videos))
    return Rates(false_alarm.numpy(), hit.numpy())


def precision_points(videos: pd.DataFrame) -> Rates:
    """Return recall and precision at every threshold that calls a video fake, from the highest threshold to the lowest.

    Args:
        videos: as for `roc_points`.
    """
    precision, recall, _ = binary_precision_recall_curve(*_tensors(videos))
    return Rates(recall.numpy()[-2::-1], precision.numpy()[-2::-1])  # without the point that stands for no call


def probit(rates: np.ndarray, count: int) -> np.ndarray:
    """Return rates on the scale of the normal distribution, on which a DET curve of normal scores is straight.

    Args:
        rates: shares of `count` videos.
        count: how many; a rate of 0 or 1 is drawn as half a video, since it has no place on this scale.
    """
    return np.asarray(norm.ppf(np.clip(rates, 0.5 / count, 1 - 0.5 / count)))


def histogram(videos: pd.DataFrame) -> pd.DataFrame:
    """Count videos by class and score.

    Args:
        videos: `label`, `score`, one row a video.

    Returns:
        `label`, `low`, `high` (edges of the bar's scores), `videos`, `share` of its class; a row a bar that is not
            empty.
    """
    rows = []
    edges = np.linspace(0, 1, NUM_BARS + 1)
    for label, own in videos.groupby("label"):
        counts, _ = np.histogram(own["score"], edges)
        rows += [(label, edges[i], edges[i + 1], count, count / len(own)) for i, count in enumerate(counts) if count]
    return pd.DataFrame(rows, columns=["label", "low", "high", "videos", "share"])


def calls(videos: pd.DataFrame, threshold: float = THRESHOLD) -> dict[str, int]:
    """Count the decisions at a threshold: `hits` of `fakes`, and `alarms` of `reals`."""
    called, fake = videos["score"] > threshold, videos["label"] == 1
    return {
        "hits": int((called & fake).sum()),
        "fakes": int(fake.sum()),
        "alarms": int((called & ~fake).sum()),
        "reals": int((~fake).sum()),
    }


def _tensors(videos: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(videos["score"].to_numpy(np.float64)), torch.tensor(videos["label"].to_numpy(np.int64))
