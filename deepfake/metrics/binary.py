"""Metrics for scores P(fake) in [0, 1] and labels 0 real, 1 fake: one formula each, for clips and videos alike.

Counts are integers and divided once, in double precision: torchmetrics' functional forms divide in single precision,
which is wrong from the eighth digit on. There is no binning, and equal scores are not ranked among each other.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

THRESHOLD = 0.5  # a score above it is classified as fake
RANKING = ("auc", "ap", "eer")
DECISION = ("accuracy", "f1", "precision", "recall")
NAMES = (*RANKING, *DECISION, "log_loss")


def binary_metrics(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """Compute all metrics.

    Args:
        scores: (N,) in [0, 1].
        labels: (N,) 0 or 1.

    Returns:
        AUC (area under ROC), average precision, equal error rate; accuracy, F1, precision and recall of fakes at 0.5;
        log-loss in nats. The first three are NaN if only one class is present; all are NaN if N is 0.

    Raises:
        ValueError: a score is not in [0, 1].
    """
    if not bool(((scores >= 0) & (scores <= 1)).all()):
        raise ValueError("scores must be probabilities in [0, 1]")
    if len(scores) == 0:
        return dict.fromkeys(NAMES, math.nan)
    scores, labels = scores.double(), labels.long()
    log_loss = float(binary_cross_entropy(scores, labels.double()))
    return {**_ranking(scores, labels), **_decision(scores, labels), "log_loss": log_loss}


def _ranking(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """Compute the metrics of how well fakes rank above reals.

    The equal error rate is the mean of the false-positive and false-negative rates at the threshold where they are
    closest; of several such thresholds, the highest is used.
    """
    fakes, reals = int(labels.sum()), int((1 - labels).sum())
    if not fakes or not reals:
        return dict.fromkeys(RANKING, math.nan)
    found, wrong = _curve(scores, labels)
    new_found, new_wrong = found.diff(), wrong.diff()
    area = int((new_wrong * (found[1:] + found[:-1])).sum())  # trapezoids, twice
    precision = found[1:].double() / (found[1:] + wrong[1:])
    closest = int(((fakes - found) * reals - wrong * fakes).abs().argmin())
    missed = fakes - int(found[closest])
    return {
        "auc": area / (2 * fakes * reals),
        "ap": float((new_found * precision).sum() / fakes),
        "eer": (missed / fakes + int(wrong[closest]) / reals) / 2,
    }


def _curve(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Count fakes and reals at or above each threshold: (K + 1,) integers for K distinct scores, starting at 0.

    Example:
        >>> _curve(torch.tensor([0.9, 0.9, 0.1]), torch.tensor([1, 0, 1]))
        (tensor([0, 1, 2]), tensor([0, 1, 1]))
    """
    order = scores.argsort(descending=True, stable=True)
    scores, labels = scores[order], labels[order]
    last = torch.cat([scores[1:] != scores[:-1], torch.ones(1, dtype=torch.bool, device=scores.device)])
    zero = labels.new_zeros(1)
    return torch.cat([zero, labels.cumsum(0)[last]]), torch.cat([zero, (1 - labels).cumsum(0)[last]])


def _decision(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """Compute the metrics of decisions at the threshold. A ratio of 0 to 0 is 0, as in scikit-learn."""
    called, fake = scores > THRESHOLD, labels == 1
    hits, num_called, num_fake = int((called & fake).sum()), int(called.sum()), int(fake.sum())
    return {
        "accuracy": int((called == fake).sum()) / len(labels),
        "f1": 2 * hits / (num_called + num_fake) if num_called + num_fake else 0.0,
        "precision": hits / num_called if num_called else 0.0,
        "recall": hits / num_fake if num_fake else 0.0,
    }
