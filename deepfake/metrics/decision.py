"""Metrics of decisions at one threshold, from the counts of fakes and reals that are called fake.

Counts may be arrays of any one shape. A ratio of 0 to 0 is NaN: without fakes there is no recall, without a call no
precision.
"""

import numpy as np

RATES = ("accuracy", "recall", "specificity")  # each a share of rows whose number does not depend on the scores
DECISION = ("accuracy", "balanced_accuracy", "f1", "mcc", "precision", "recall", "specificity")


def decision_metrics(
    hits: np.ndarray, alarms: np.ndarray, fakes: np.ndarray, reals: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute the metrics of decisions.

    Args:
        hits: fakes that are called fake.
        alarms: reals that are called fake.
        fakes: all fakes.
        reals: all reals.

    Returns:
        `DECISION`; precision, recall and F1 are those of fakes. Matthews' correlation is 0 if all are called alike, as
        in scikit-learn, and NaN if all are of one class.
    """
    rejected = reals - alarms
    recall, specificity = ratio(hits, fakes), ratio(rejected, reals)
    called, passed = hits + alarms, fakes + reals - hits - alarms
    covariance = hits * rejected - alarms * (fakes - hits)
    # Two roots, since the product of four counts would leave the whole numbers that a double holds.
    spread = np.sqrt(called * passed) * np.sqrt(fakes * reals)
    alike = (called * passed == 0) & (fakes * reals > 0)
    return {
        "accuracy": ratio(hits + rejected, fakes + reals),
        "balanced_accuracy": (recall + specificity) / 2,
        "f1": ratio(2 * hits, called + fakes),
        "mcc": np.where(alike, 0.0, ratio(covariance, spread)),
        "precision": ratio(hits, called),
        "recall": recall,
        "specificity": specificity,
    }


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide counts; 0 to 0 is NaN, without a warning.

    Example:
        >>> ratio(np.array([1, 0]), np.array([2, 0]))
        array([0.5, nan])
    """
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.not_equal(below, 0))
