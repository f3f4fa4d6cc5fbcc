"""All metrics of scores P(fake) in [0, 1] and labels 0 real, 1 fake, at one level: of clips, or of videos.

auc                     area under the ROC curve
pauc                    the same up to a false-positive rate of 0.1, scaled by McClish: chance is 0.5, perfection 1
ap                      average precision
eer                     equal error rate: mean of both rates where they are closest
tpr_at_fpr_0.1 ...      the highest true-positive rate of all thresholds whose false-positive rate is at most 0.1
accuracy, balanced_accuracy, f1, mcc, precision, recall, specificity    of "the score is above the threshold"
log_loss                in nats; a row counts 100 at most
brier                   mean of (score - label)^2
ece                     expected calibration error of P(fake): 15 bins of equal width, weighted by their rows
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from deepfake.metrics.curve import MAX_FPR
from deepfake.metrics.decision import DECISION
from deepfake.metrics.rows import checked_rows
from deepfake.metrics.weighted import FPRS, WeightedMetrics, tpr_name

AT_HALF: Mapping[str, float] = {"": 0.5}
RANKING = ("auc", "pauc", "ap", "eer", *map(tpr_name, FPRS))
MEANS = ("log_loss", "brier", "ece")
NEEDS_BOTH = (*RANKING, "balanced_accuracy", "mcc")
LIMITS = {"pauc": MAX_FPR, **{tpr_name(fpr): fpr for fpr in FPRS}}  # metrics that need reals below this rate
AMPLE = 5  # reals above the limit; with 1, intervals of the true-positive rate were found to hold 82 % of the time


def all_numbers(scores: ArrayLike, labels: ArrayLike, *, thresholds: Mapping[str, float] = AT_HALF) -> dict[str, float]:
    """Compute all metrics; NaN where one is not defined, or has too few rows, as `missing` tells.

    Args:
        scores: (N,) P(fake) in [0, 1].
        labels: (N,) 0 real, 1 fake.
        thresholds: suffix -> threshold of decisions; `{"": 0.5, "_at_val": 0.37}` gives `accuracy` at 0.5 and
            `accuracy_at_val` at 0.37.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        ValueError: the numbers of scores and labels differ.

    Example:
        >>> numbers = all_numbers([0.9, 0.4, 0.1], [1, 1, 0])
        >>> numbers["auc"], numbers["recall"], numbers["tpr_at_fpr_0.1"]
        (1.0, 0.5, nan)
    """
    scores, labels = checked_rows(scores, labels)
    metrics = WeightedMetrics(scores, labels, np.arange(len(scores)), thresholds)
    found = metrics(np.ones((1, len(scores))))
    bases = metric_names(thresholds)
    values = {name: float(found[name][0]) for name in bases}
    return {name: math.nan if missing(base, labels, values[name]) else values[name] for name, base in bases.items()}


def metric_names(thresholds: Mapping[str, float]) -> dict[str, str]:
    """Return each metric's name with its suffix -> without it.

    Example:
        >>> metric_names({"_at_val": 0.3})["mcc_at_val"]
        'mcc'
    """
    decisions = {f"{name}{suffix}": name for suffix in thresholds for name in DECISION}
    return {**{name: name for name in RANKING}, **decisions, **{name: name for name in MEANS}}


def missing(name: str, labels: np.ndarray, value: float) -> str:
    """Say why a metric has no value; the empty string if it has one.

    Args:
        name: one of the metrics, without suffix.
        labels: (N,) true for fakes.
        value: what its formula gives.
    """
    fakes = int(np.count_nonzero(labels))
    reals = len(labels) - fakes
    if not len(labels):
        return "there is nothing to measure"
    if name in NEEDS_BOTH and not (fakes and reals):
        return f"it needs both classes, and all are {'fake' if fakes else 'real'}"
    if name == "recall" and not fakes:
        return "it needs fakes, and all are real"
    if name == "specificity" and not reals:
        return "it needs reals, and all are fake"
    if name in LIMITS and (few := too_few_reals(name, reals)):
        return few
    return "it is a ratio of nothing to nothing: no row is called fake" if math.isnan(value) else ""


def too_few_reals(name: str, reals: int) -> str:
    """Say why there are too few reals for a false-positive rate; the empty string if there are enough.

    Args:
        name: one of `LIMITS`.
        reals: that there are.
    """
    needed = math.ceil(1 / LIMITS[name] - 1e-9)
    if reals >= needed:
        return ""
    return f"too few reals: {reals}, where a false-positive rate of {LIMITS[name]} needs {needed}"


def caution(name: str, labels: np.ndarray) -> str:
    """Say what must be known of a metric's interval; the empty string if nothing.

    Args:
        name: one of the metrics, without suffix.
        labels: (N,) true for fakes.
    """
    if name == "ece":
        return "chance makes it too high, the more so the fewer rows there are"
    reals = int(np.count_nonzero(~labels))
    if name in LIMITS and reals < AMPLE / LIMITS[name]:
        return f"{reals} reals are few for a false-positive rate of {LIMITS[name]}: the interval may be too narrow"
    return ""
