"""What one would write without this project: a loop that draws videos and calls scikit-learn for each number."""

import time

import numpy as np

from benchmarks.evaluation.drawn import Clips


def plain_numbers(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Compute by scikit-learn the numbers that ours computes; EER, rates and calibration error from its curves."""
    from sklearn import metrics as sk  # here, since only the developers' tools bring it

    called = scores > 0.5
    wrong, right, _ = sk.roc_curve(labels, scores)
    closest = np.abs(1 - right - wrong).argmin()
    bins = np.minimum((scores * 15).astype(int), 14)
    return {
        "auc": sk.auc(wrong, right),
        "pauc": sk.roc_auc_score(labels, scores, max_fpr=0.1),
        "ap": sk.average_precision_score(labels, scores),
        "eer": (1 - right[closest] + wrong[closest]) / 2,
        **{f"tpr_at_fpr_{limit}": right[wrong <= limit].max() for limit in (0.1, 0.01, 0.001)},
        "accuracy": sk.accuracy_score(labels, called),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, called),
        "f1": sk.f1_score(labels, called),
        "mcc": sk.matthews_corrcoef(labels, called),
        "precision": sk.precision_score(labels, called),
        "recall": sk.recall_score(labels, called),
        "specificity": sk.recall_score(labels, called, pos_label=0),
        "log_loss": sk.log_loss(labels, scores),
        "brier": sk.brier_score_loss(labels, scores),
        "ece": np.abs(np.bincount(bins, labels - scores)).sum() / len(labels),
    }


def time_plain(clips: Clips, replicates: int) -> tuple[list[float], dict[str, float]]:
    """Return the seconds of each replicate, and the numbers of the clips themselves.

    Args:
        clips: in the order of their videos, each with as many.
        replicates: how many are timed.
    """
    num_videos = int(clips.videos.max()) + 1
    rows = np.arange(len(clips.videos)).reshape(num_videos, -1)
    generator = np.random.default_rng(0)
    values = plain_numbers(clips.scores, clips.labels)
    seconds = []
    for _ in range(replicates):
        start = time.perf_counter()
        drawn = rows[generator.integers(num_videos, size=num_videos)].ravel()
        plain_numbers(clips.scores[drawn], clips.labels[drawn])
        seconds.append(time.perf_counter() - start)
    return seconds, values
