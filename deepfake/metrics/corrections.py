"""Corrects p-values for there being many of them."""

import numpy as np
from numpy.typing import ArrayLike


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return p-values adjusted so that the chance of any false finding among all is at most the level.

    Args:
        p_values: (N,) in [0, 1]; NaN is a comparison that could not be made, which stays NaN and is not counted.

    Raises:
        ValueError: a p-value is not in [0, 1].

    Source: S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics, 1979.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        array([0.03, 0.06, 0.06])
    """
    given = np.asarray(p_values, np.float64)
    known = np.flatnonzero(~np.isnan(given))
    if ((given[known] < 0) | (given[known] > 1)).any():
        raise ValueError(f"p_values are {given.tolist()}: they must be in [0, 1]")
    order = known[np.argsort(given[known], kind="stable")]
    adjusted = np.full(given.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted
