"""The metrics that training logs, of scores P(fake) in [0, 1] and labels 0 real, 1 fake, as tensors.

The formulas are those of `all_numbers`, in double precision: torchmetrics' functional forms divide in single precision,
which is wrong from the eighth digit on.
"""

import math

import numpy as np
from torch import Tensor

from deepfake.metrics.weighted import WeightedMetrics

THRESHOLD = 0.5  # a score above it is classified as fake
RANKING = ("auc", "ap", "eer")
DECISION = ("accuracy", "f1", "precision", "recall")
NAMES = (*RANKING, *DECISION, "log_loss")


def binary_metrics(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """Compute the metrics.

    Args:
        scores: (N,) in [0, 1].
        labels: (N,) 0 or 1.

    Returns:
        AUC (area under ROC), average precision, equal error rate; accuracy, F1, precision and recall of fakes at 0.5;
        log-loss in nats. The first three are NaN if only one class is present; all are NaN if N is 0.

    Raises:
        ValueError: a score is not in [0, 1].

    Differs: a ratio of 0 to 0 is 0 here, as in scikit-learn, so that a curve over epochs has no gaps.
    """
    if not bool(((scores >= 0) & (scores <= 1)).all()):
        raise ValueError("scores must be probabilities in [0, 1]")
    if len(scores) == 0:
        return dict.fromkeys(NAMES, math.nan)
    fake = labels.cpu().numpy() == 1
    metrics = WeightedMetrics(scores.double().cpu().numpy(), fake, np.arange(len(fake)), {"": THRESHOLD})
    values = metrics(np.ones((1, len(fake))))
    found = {name: float(values[name][0]) for name in NAMES}
    return {name: 0.0 if name in DECISION and math.isnan(value) else value for name, value in found.items()}
