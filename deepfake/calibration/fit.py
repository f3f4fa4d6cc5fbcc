"""Fits a calibrator to the scores and labels of videos.

Two things are done for every method, so that a few perfectly ranked videos do not make a detector that is always
certain, and a corpus of five fakes to a real none that finds every file suspicious:

    targets   are not 0 and 1 but 1 / (reals + 2) and (fakes + 1) / (fakes + 2). So no calibrated score of isotonic
              regression is 0 or 1, and the slope of the others is finite where fakes and reals do not overlap.
              Source: J. Platt, Probabilistic outputs for support vector machines, 1999, section 2.2.
    weights   make the classes count as `prior` says, whatever their numbers.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from deepfake.calibration.calibrator import CalibrationMethod, Calibrator, logits
from deepfake.errors import CalibrationError
from deepfake.metrics.rows import checked_rows
from deepfake.ranges import Prior

# Videos of each class. Isotonic regression has as many parameters as it likes, and learns the noise of fewer.
LEAST = {"temperature": 5, "platt": 5, "isotonic": 50}


def fit_calibrator(score: ArrayLike, label: ArrayLike, method: CalibrationMethod, prior: Prior = 0.5) -> Calibrator:
    """Fit a calibrator.

    A detector whose scores do not rank fakes above reals gets a slope of 0, or a level line, since a calibrator never
    falls: its calibrated scores are all alike.

    Args:
        score: (N,) P(fake) of the detector.
        label: (N,) 0 real, 1 fake, both of them present.
        method: `temperature` divides logits (Guo et al., On calibration of modern neural networks, 2017), `platt`
            divides and shifts them (logistic regression), `isotonic` is any function that does not fall.
        prior: the share of fakes among the files that a calibrated score speaks of.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
    """
    scores, target, weight = platt_rows(score, label, prior)
    if method == "isotonic":
        line = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, target, weight)
        knots = zip(line.X_thresholds_.tolist(), line.y_thresholds_.tolist(), strict=True)
        return Calibrator(method, knots=tuple(knots))
    slope, intercept = _sigmoid(logits(scores), target, weight, shift=method == "platt")
    return Calibrator(method, slope, intercept)


def platt_rows(score: ArrayLike, label: ArrayLike, prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scores, the targets and the weights of a fit, (N,) each.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
    """
    scores, fakes = checked_rows(score, label)
    num_fakes, num_reals = np.count_nonzero(fakes), np.count_nonzero(~fakes)
    target = np.where(fakes, (num_fakes + 1) / (num_fakes + 2), 1 / (num_reals + 2))
    return scores, target, len(fakes) * np.where(fakes, prior / num_fakes, (1 - prior) / num_reals)


def _sigmoid(value: np.ndarray, target: np.ndarray, weight: np.ndarray, shift: bool) -> tuple[float, float]:
    """Return the slope, 0 or more, and the intercept of the logistic regression to targets between 0 and 1."""
    middle = float(value.mean()) if shift else 0.0
    spread = float(np.sqrt(((value - middle) ** 2).mean()))
    level = float(logit(np.average(target, weights=weight))) if shift else 0.0
    if spread < 1e-9:  # of equal scores nothing is known but how often they are of fakes
        return (0.0, level) if shift else (1.0, 0.0)
    # A target t is a row of a fake with weight t and one of a real with weight 1 - t.
    rows = np.tile((value - middle) / spread, 2)[:, None]
    labels = np.repeat([1, 0], len(value))
    weights = np.concatenate([weight * target, weight * (1 - target)])
    model = LogisticRegression(C=np.inf, fit_intercept=shift, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    model.fit(rows, labels, weights)
    slope = float(model.coef_[0, 0]) / spread
    # The loss is convex, so where the best slope is below 0, the best that is allowed is 0.
    return (slope, float(np.sum(model.intercept_)) - slope * middle) if slope > 0 else (0.0, level)


def require_enough(label: ArrayLike, method: CalibrationMethod, source: str) -> None:
    """Stop unless there are enough videos of each class.

    Args:
        label: (N,) 0 real, 1 fake.
        method: to be fitted.
        source: where the videos are from, as `val of demo`.

    Raises:
        CalibrationError: there are too few.
    """
    labels = np.asarray(label)
    reals, fakes = int(np.count_nonzero(labels == 0)), int(np.count_nonzero(labels == 1))
    needed = LEAST[method]
    if min(reals, fakes) < needed:
        simpler = ", or take method=platt" if min(reals, fakes) >= LEAST["platt"] else ""
        raise CalibrationError(
            f"method={method} needs {needed} scored videos of each class, and {source} has {reals} real and {fakes} "
            f"fake: add videos to val{simpler}"
        )
