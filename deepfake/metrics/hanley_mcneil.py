"""The standard error of an AUC of which nothing but its value and the number of videos is known."""

import math


def hanley_mcneil_error(auc: float, num_fakes: int, num_reals: int) -> float:
    """Return the standard error of a published AUC.

    Args:
        auc: in [0, 1].
        num_fakes: at least 1.
        num_reals: at least 1.

    Raises:
        ValueError: an argument is out of range.

    Source: J. Hanley and B. McNeil, The meaning and use of the area under a receiver operating characteristic (ROC)
        curve, Radiology 143, 1982. It assumes negative exponential scores; where scores are at hand, DeLong's assumes
        nothing.

    Example:
        >>> round(hanley_mcneil_error(0.5, 10, 10), 4)
        0.1323
    """
    if not (0 <= auc <= 1 and num_fakes >= 1 and num_reals >= 1):
        raise ValueError(
            f"auc={auc}, num_fakes={num_fakes}, num_reals={num_reals}: the AUC must be in [0, 1], the counts at least 1"
        )
    two_fakes = auc / (2 - auc) - auc**2  # probability that two fakes both rank above a real, less that by chance
    two_reals = 2 * auc**2 / (1 + auc) - auc**2
    variance = auc * (1 - auc) + (num_fakes - 1) * two_fakes + (num_reals - 1) * two_reals
    return math.sqrt(max(variance, 0) / (num_fakes * num_reals))
