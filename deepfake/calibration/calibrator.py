"""The function from a detector's score to a calibrated score: its kind and its parameters."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field
from scipy.special import expit, logit

from deepfake.ranges import Finite, NotNegative, Share

CalibrationMethod = Literal["temperature", "platt", "isotonic"]
EPSILON = 2.0**-53  # a score nearer to 0 or 1 than this counts as if it were so far away; 0 and 1 have no finite logit
_MOST_KNOTS = 100_000
Knot = tuple[Share, Share]


@dataclass(frozen=True, slots=True)
class Calibrator:
    """A function that never falls, from [0, 1] to [0, 1].

    Attributes:
        method: `temperature` and `platt` are sigmoid(slope * logit(score) + intercept), the first without an intercept;
            `isotonic` is a broken line through its knots.
        slope: of the first two; 1 / temperature. 0 makes every calibrated score the same.
        intercept: of `platt`; otherwise 0.
        knots: of `isotonic`: scores, rising, with their calibrated scores, which do not fall. Below the first and above
            the last the line is level. Otherwise empty.
    """

    method: CalibrationMethod
    slope: NotNegative = 1.0
    intercept: Finite = 0.0
    knots: Annotated[tuple[Knot, ...], Field(max_length=_MOST_KNOTS)] = ()

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: the parameters do not belong to the method, or the function would fall.
        """
        if (self.method == "isotonic") != bool(self.knots):
            raise ValueError(f"{self.method} with {len(self.knots)} knots: isotonic has some, the others have none")
        steps = np.diff(np.array(self.knots, np.float64).reshape(-1, 2), axis=0)
        if (steps[:, 0] <= 0).any() or (steps[:, 1] < 0).any():
            raise ValueError("the knots must rise in their scores, and must not fall in their calibrated scores")

    def __call__(self, score: ArrayLike) -> np.ndarray:
        """Return calibrated scores in [0, 1], (N,) float64; NaN, for a video without a score, stays NaN.

        Args:
            score: (N,) P(fake) of the detector.

        Example:
            >>> Calibrator("temperature", slope=0.5)([0.5, 0.9, 1.0]).round(2)
            array([0.5 , 0.75, 1.  ])
        """
        score = np.asarray(score, np.float64)
        if self.knots:
            return np.interp(score, *np.array(self.knots).T)
        return expit(self.slope * logits(score) + self.intercept)


def logits(score: np.ndarray) -> np.ndarray:
    """Return the logits of scores, which are finite for 0 and 1 too.

    Example:
        >>> logits(np.array([0.5, 1.0])).round(1)
        array([ 0. , 36.7])
    """
    return logit(np.clip(score, EPSILON, 1 - EPSILON))
