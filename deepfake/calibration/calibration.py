"""Everything that is learnt on the videos of val: a calibrator, thresholds, bands, and how good they are."""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deepfake.calibration.bands import BANDS, ENDS, Band, band_numbers, count_bands
from deepfake.calibration.calibrator import CalibrationMethod, Calibrator
from deepfake.calibration.cross_fit import cross_fitted
from deepfake.calibration.fit import fit_calibrator, require_enough
from deepfake.calibration.thresholds import BALANCED, NAMES, Threshold, choose_thresholds, threshold_value
from deepfake.metrics.probabilities import measure_probabilities
from deepfake.metrics.rows import checked_rows
from deepfake.ranges import Amount, NotNegative, Prior

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How well scores of val serve as probabilities, if a share `prior` of the files is fake.

    Attributes:
        log_loss: in nats.
        brier: mean squared error.
        ece: expected calibration error, 15 bins.
    """

    log_loss: NotNegative
    brier: NotNegative
    ece: NotNegative


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was learnt on the videos of val. It is plain data: `dataclasses.asdict` of it is JSON.

    Attributes:
        calibrator: the detector's score of a video -> its calibrated score.
        prior: the share of fakes among the files that calibrated scores speak of. With 0.5 a calibrated score tells the
            evidence alone: c / (1 - c) is how many times as common the score is among fakes as among reals.
        thresholds: of the detector's own score.
        bands: the five, from no manipulation to manipulation, with counts and error rates of cross-fitted scores.
        before: the numbers of val's own scores.
        after: those of val's cross-fitted calibrated scores.
        num_real: videos that it was learnt on.
        num_fake: videos that it was learnt on.
        num_groups: people, or what else was left out together for cross-fitting.
    """

    calibrator: Calibrator
    prior: Prior
    thresholds: tuple[Threshold, ...]
    bands: tuple[Band, ...]
    before: Numbers
    after: Numbers
    num_real: Amount
    num_fake: Amount
    num_groups: Amount

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: its bands or thresholds are not those of this version.
        """
        ends = zip(BANDS, ENDS[:-1], ENDS[1:], strict=True)
        if [(band.name, band.low, band.high) for band in self.bands] != [*ends]:
            raise ValueError("its bands are not those of this version")
        if tuple(each.name for each in self.thresholds) != NAMES:
            raise ValueError(f"its thresholds are not {', '.join(NAMES)}")
        if self.thresholds[0].value is None:
            raise ValueError(f"its threshold {BALANCED} has no value")

    def apply(self, score: ArrayLike) -> np.ndarray:
        """Return calibrated scores in [0, 1], (N,), of the detector's scores of videos; NaN stays NaN."""
        return self.calibrator(score)

    def bands_of(self, score: ArrayLike) -> list[Band | None]:
        """Return the band of each video.

        Args:
            score: (N,) P(fake) of the detector, not calibrated; NaN for a video without a score, which has no band.
        """
        return [self.bands[place] if place >= 0 else None for place in band_numbers(self.apply(score))]

    @property
    def threshold(self) -> float:
        """The detector's score above which balanced accuracy on val is highest."""
        return threshold_value(self.thresholds, BALANCED)


def fit_calibration(
    score: ArrayLike,
    label: ArrayLike,
    method: CalibrationMethod,
    groups: ArrayLike | None = None,
    prior: Prior = 0.5,
    source: str = "val",
    calibrated: ArrayLike | None = None,
) -> Calibration:
    """Learn a calibration.

    Error rates and the numbers `after` are those of cross-fitted scores: the videos are divided into five folds, none
    of which shares a group with the others, and each fold is calibrated by what was learnt on the others. The
    calibrator itself is learnt on all.

    Args:
        score: (V,) P(fake) of the detector, one of each video.
        label: (V,) 0 real, 1 fake.
        method: `temperature`, `platt` or `isotonic`; see `fit_calibrator`.
        groups: (V,) the number of each video's person; None if each video stands alone.
        prior: the share of fakes among the files that calibrated scores speak of, whatever it is among these videos.
        source: where the videos are from, for messages.
        calibrated: (V,) the cross-fitted scores, where they are known already, as `cross_fitted` returns them.

    Raises:
        InvalidRowError: a score is not in [0, 1], or a label is neither 0 nor 1.
        CalibrationError: there are too few videos of a class, or of people.
    """
    scores, fakes = checked_rows(score, label)
    labels = fakes.astype(np.int64)
    require_enough(labels, method, source)
    people = np.arange(len(scores)) if groups is None else np.asarray(groups)
    if calibrated is None:
        calibrated = cross_fitted(scores, labels, people, method, prior)
    calibrated = np.asarray(calibrated)
    calibrator = fit_calibrator(scores, labels, method, prior)
    if np.ptp(calibrator(scores)) == 0:
        log.warning("the scores of %s do not rank fakes above reals, so all calibrated scores are the same", source)
    return Calibration(
        calibrator=calibrator,
        prior=prior,
        thresholds=choose_thresholds(scores, labels),
        bands=count_bands(calibrated, labels, prior),
        before=_numbers(scores, labels, prior),
        after=_numbers(calibrated, labels, prior),
        num_real=int(np.count_nonzero(labels == 0)),
        num_fake=int(np.count_nonzero(labels == 1)),
        num_groups=len(np.unique(people)),
    )


def _numbers(score: np.ndarray, label: np.ndarray, prior: float) -> Numbers:
    found = measure_probabilities(score, label, prior, replicates=2)
    return Numbers(**{name: one.value for name, one in found.items()})
