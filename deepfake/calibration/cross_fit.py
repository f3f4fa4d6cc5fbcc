"""Calibrated scores of the videos that a calibration is learnt on, each from a fit without the people in it."""

from collections.abc import Callable

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from deepfake.calibration.calibrator import CalibrationMethod
from deepfake.calibration.fit import fit_calibrator
from deepfake.errors import CalibrationError

NUM_FOLDS = 5
SEED = 0  # of the folds, so that a calibration can be repeated


def cross_fitted(
    score: np.ndarray | Callable[[np.ndarray], np.ndarray],
    label: np.ndarray,
    groups: np.ndarray,
    method: CalibrationMethod,
    prior: float,
) -> np.ndarray:
    """Return the calibrated score of each video by a calibrator that was fitted without its group, (V,).

    Args:
        score: (V,) P(fake) of the detector; or, where something is learnt before there is a score, as the weights of
            several detectors, what returns that of every video from the indices of those that may be learnt on.
        label: (V,) 0 real, 1 fake.
        groups: (V,) the number of each video's group.
        method: see `fit_calibrator`.
        prior: see `fit_calibrator`.

    Raises:
        CalibrationError: there are too few groups to leave some out.
    """
    calibrated = np.full(len(label), np.nan)
    for rest, held_out in folds(label, groups):
        scores = score(rest) if callable(score) else score
        calibrated[held_out] = fit_calibrator(scores[rest], label[rest], method, prior)(scores[held_out])
    return calibrated


def folds(label: np.ndarray, groups: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Divide videos into at most five folds, none of which shares a group with the others.

    Returns:
        For each fold the indices of all other videos, and those of its own.

    Raises:
        CalibrationError: there is one group alone, or all videos of a class are in one fold.
    """
    num_groups = len(np.unique(groups))
    if num_groups < 2:
        raise CalibrationError(
            "all scored videos of val show one person or come from one source video, so no error rate can be told: "
            "add videos of others"
        )
    splitter = StratifiedGroupKFold(min(NUM_FOLDS, num_groups), shuffle=True, random_state=SEED)
    found = [(rest, held_out) for rest, held_out in splitter.split(label, label, groups) if len(held_out)]
    if any(len(np.unique(label[rest])) < 2 for rest, _ in found):
        raise CalibrationError(
            "without some of its people val has videos of one class alone, so no error rate can be told: add reals and "
            "fakes of others"
        )
    return found
