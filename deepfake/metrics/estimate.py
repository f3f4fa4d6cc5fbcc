"""A number with its interval, and the name of the method that gave it."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Method(StrEnum):
    """How an interval or a p-value was found."""

    DELONG = "DeLong"
    NEWCOMBE = "Newcombe"
    WILSON = "Wilson"
    EXACT = "Clopper-Pearson"
    BOOTSTRAP = "bootstrap over rows"
    CLUSTER_BOOTSTRAP = "bootstrap over clusters"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number.

    Attributes:
        value: NaN if it is not defined, or if there are too few rows for it.
        low: lower end of the interval; NaN if there is no value or no interval.
        high: upper end of the interval.
        method: how the interval was found.
        note: why there is no value or no interval, and what else must be known to read it; empty if nothing.
    """

    value: float
    low: float
    high: float
    method: Method
    note: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The number of one detector minus that of another, on the same rows.

    Attributes:
        value: the difference; NaN if one of the numbers has no value.
        low: lower end of its interval.
        high: upper end of its interval.
        p_value: two-sided, of there being no difference; NaN if it cannot be told.
        method: how interval and p-value were found.
        note: as in `Estimate`.
    """

    value: float
    low: float
    high: float
    p_value: float
    method: Method
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Pointwise intervals around a curve.

    Attributes:
        low: (P,) lower ends; NaN without a band.
        high: (P,) upper ends.
        method: how it was found.
        note: why there is no band, and what else must be known to read it; empty if nothing.
    """

    low: np.ndarray
    high: np.ndarray
    method: Method
    note: str


def without_value(reason: str) -> Estimate:
    """Return the estimate of a number that has no value."""
    return Estimate(math.nan, math.nan, math.nan, Method.NONE, reason)
