"""Several detectors' scores of a person -> one: the sigmoid of the weighted mean of their logits.

Weights are not negative and sum to 1. They are equal, or learnt on val by the logistic regression of labels on logits.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit

from deepfake.calibration.calibrator import logits
from deepfake.calibration.fit import platt_rows
from deepfake.ranges import Prior

log = logging.getLogger(__name__)
_TOO_EVEN = 1e-9  # logits that differ by less tell nothing
_EXACT = {"maxiter": 10_000, "ftol": 0.0, "gtol": 1e-10}


def equal_weights(num_detectors: int) -> tuple[float, ...]:
    """Return the weights of the plain mean."""
    return (1 / num_detectors,) * num_detectors


def combined(scores: ArrayLike, weights: Sequence[float]) -> np.ndarray:
    """Return the combined score of each person, (P,) in [0, 1]; NaN where one detector has none.

    Logits are added one after the other, so a person's score does not depend on who else is scored.

    Args:
        scores: (P, D) P(fake) of D detectors.
        weights: (D,), which sum to 1.

    Example:
        >>> combined([[0.5, 0.9], [0.2, 0.8]], (0.5, 0.5)).round(3)
        array([0.75, 0.5 ])
    """
    total = np.zeros(len(np.asarray(scores)))
    for weight, of_one in zip(weights, np.asarray(scores, np.float64).T, strict=True):
        total += weight * logits(of_one)
    return expit(total)


def fit_weights(scores: ArrayLike, label: ArrayLike, prior: Prior = 0.5) -> tuple[float, ...]:
    """Learn weights: the slopes of logistic regression on all detectors' logits, none below 0, divided by their sum.

    Classes count as `prior` says and targets are Platt's, as in `fit_calibrator`; so Platt's calibrator of the combined
    score is the same regression.

    Args:
        scores: (V, D) P(fake) of D detectors, one row a video.
        label: (V,) 0 real, 1 fake, both of them present.
        prior: see `fit_calibrator`.

    Returns:
        (D,) weights; equal ones if no detector ranks fakes above reals, which is logged.
    """
    rows = logits(np.asarray(scores, np.float64))
    _, target, weight = platt_rows(np.asarray(scores)[:, 0], label, prior)
    weight = weight / weight.sum()
    middle = weight @ rows
    spread = np.sqrt(weight @ (rows - middle) ** 2)
    tells = spread > _TOO_EVEN
    unit = (rows - middle) / np.where(tells, spread, 1.0)

    def loss(slopes: np.ndarray) -> tuple[float, np.ndarray]:
        value = unit @ slopes[:-1] + slopes[-1]
        wrong = weight * (expit(value) - target)
        return float(weight @ (np.logaddexp(0, value) - target * value)), np.append(wrong @ unit, wrong.sum())

    bounds = [*((0.0, None if each else 0.0) for each in tells), (None, None)]
    start = np.append(tells.astype(np.float64), 0.0)
    slopes = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options=_EXACT).x[:-1]
    slopes = slopes / np.where(tells, spread, 1.0)
    if not slopes.sum() > 0:
        log.warning("no detector ranks the fakes of val above its reals, so all get the same weight")
        return equal_weights(rows.shape[1])
    return tuple((slopes / slopes.sum()).tolist())


@dataclass(frozen=True, slots=True)
class ScoredPersons:
    """What several detectors say of the persons of val's videos.

    Attributes:
        scores: (P, D) P(fake) of D detectors.
        video: (P,) the number of each person's video, from 0 on; each video has a person.
    """

    scores: np.ndarray
    video: np.ndarray

    def of_videos(self, weights: Sequence[float]) -> np.ndarray:
        """Return the score of each video, (V,): that of the person whose combined score is highest."""
        found = np.zeros(self.video.max() + 1)
        np.maximum.at(found, self.video, combined(self.scores, weights))
        return found

    def rows(self) -> np.ndarray:
        """Return (V, D) the scores of one person of each video, the one whose plain mean is highest."""
        order = np.lexsort((-combined(self.scores, equal_weights(self.scores.shape[1])), self.video))
        first = np.unique(self.video[order], return_index=True)[1]
        return self.scores[order][first]
