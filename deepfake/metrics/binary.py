"""Numbers for scores P(fake) in [0, 1] against labels 0 real, 1 fake: one formula each, for clips and for videos alike.

Source: torchmetrics' functional forms, exact (no binning). They take probabilities: on logits
they would apply a sigmoid only when a value happens to leave [0, 1].
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy
from torchmetrics.functional.classification import (
    binary_accuracy,
    binary_auroc,
    binary_average_precision,
    binary_eer,
    binary_f1_score,
    binary_precision,
    binary_recall,
)

THRESHOLD = 0.5  # a score above it is called fake
RANKING: dict[str, Callable[..., Tensor]] = {"auc": binary_auroc, "ap": binary_average_precision, "eer": binary_eer}
DECISION: dict[str, Callable[..., Tensor]] = {
    "accuracy": binary_accuracy,
    "f1": binary_f1_score,
    "precision": binary_precision,
    "recall": binary_recall,
}
NAMES = (*RANKING, *DECISION, "log_loss")


def binary_metrics(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """All numbers at once.

    Args:
        scores: (N,) in [0, 1].
        labels: (N,) 0 or 1.

    Returns:
        AUC (area under ROC), average precision, equal error rate; accuracy, F1, precision and recall of fakes at 0.5;
        log-loss in nats. The first three are NaN when only one class is there, all are NaN when N is 0.

    Raises:
        ValueError: a score is no probability.
    """
    if not bool(((scores >= 0) & (scores <= 1)).all()):
        raise ValueError("scores must be probabilities in [0, 1]")
    if len(scores) == 0:
        return dict.fromkeys(NAMES, math.nan)
    scores, labels = scores.double(), labels.long()
    # Below and at the threshold is real. torchmetrics compares with ">" as well.
    both = len(labels.unique()) == 2
    numbers = {name: float(metric(scores, labels)) if both else math.nan for name, metric in RANKING.items()}
    numbers |= {name: float(metric(scores, labels, threshold=THRESHOLD)) for name, metric in DECISION.items()}
    return numbers | {"log_loss": float(binary_cross_entropy(scores, labels.double()))}


def group_means(values: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of the values in each group, in double precision.

    Args:
        values: (N,).
        groups: (N,) integers.

    Returns:
        (G,) distinct groups, ascending, and (G,) means.

    Example:
        >>> group_means(torch.tensor([0.2, 0.4, 1.0]), torch.tensor([7, 7, 3]))
        (tensor([3, 7]), tensor([1.0000, 0.3000], dtype=torch.float64))
    """
    names, place = groups.unique(return_inverse=True)
    total = torch.zeros(len(names), dtype=torch.double, device=values.device).scatter_add_(0, place, values.double())
    return names, total / place.bincount(minlength=len(names))
