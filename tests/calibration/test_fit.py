"""The three methods against scikit-learn and scipy, and what they do with scores that teach nothing."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from deepfake.calibration import CalibrationMethod, fit_calibrator
from deepfake.calibration.fit import require_enough
from deepfake.errors import CalibrationError
from deepfake.metrics import InvalidRowError
from tests.calibration.drawn import drawn_videos

METHODS: tuple[CalibrationMethod, ...] = ("temperature", "platt", "isotonic")
GRID = np.linspace(0, 1, 101)


class Logits(ClassifierMixin, BaseEstimator):
    """A classifier whose decisions are its one feature."""

    def fit(self, rows: np.ndarray, labels: np.ndarray) -> "Logits":
        self.classes_ = np.unique(labels)
        return self

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.classes_[(rows[:, 0] > 0).astype(int)]

    def decision_function(self, rows: np.ndarray) -> np.ndarray:
        return rows[:, 0]


def own_share(label: np.ndarray) -> float:
    return float(label.mean())


def test_platt_is_scikit_learns() -> None:
    score, label, _ = drawn_videos(60, 140)
    rows = logit(score)[:, None]
    theirs = CalibratedClassifierCV(FrozenEstimator(Logits().fit(rows, label)), method="sigmoid", cv=2, ensemble=False)
    expected = theirs.fit(rows, label).predict_proba(rows)[:, 1]
    found = fit_calibrator(score, label, "platt", own_share(label))
    assert found(score) == pytest.approx(expected, abs=1e-5)  # scikit-learn's optimizer ends at 1e-6


def test_platt_comes_near_plain_logistic_regression_and_the_prior_moves_its_intercept_alone() -> None:
    score, label, _ = drawn_videos(4000, 8000)
    plain = LogisticRegression(C=np.inf).fit(logit(score)[:, None], label)
    found = fit_calibrator(score, label, "platt", own_share(label))
    assert (found.slope, found.intercept) == pytest.approx((plain.coef_[0, 0], plain.intercept_[0]), rel=0.01)
    even = fit_calibrator(score, label, "platt", 0.5)
    assert even.slope == pytest.approx(found.slope, rel=0.05)
    assert even.intercept == pytest.approx(found.intercept - math.log(2), abs=0.05)


@pytest.mark.parametrize("prior", [0.5, 0.7])
def test_temperature_is_where_scipy_finds_the_lowest_loss(prior: float) -> None:
    score, label, _ = drawn_videos(60, 140)
    target = np.where(label == 1, 141 / 142, 1 / 62)
    weight = np.where(label == 1, prior / 140, (1 - prior) / 60)

    def loss(temperature: float) -> float:
        found = expit(logit(score) / temperature)
        return float(-weight @ (target * np.log(found) + (1 - target) * np.log1p(-found)))

    best = minimize_scalar(loss, bounds=(0.05, 50), method="bounded", options={"xatol": 1e-9})
    found = fit_calibrator(score, label, "temperature", prior)
    assert (1 / found.slope, found.intercept) == (pytest.approx(best.x, rel=1e-5), 0)


def test_isotonic_is_scikit_learns_within_what_may_be_said() -> None:
    score, label, _ = drawn_videos(60, 140)
    weight = np.where(label == 1, 0.5 / 140, 0.5 / 60)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(score, label, weight).predict(GRID)
    low, high = 1 / 62, 141 / 142  # no calibrated score is 0 or 1, so the plain line is squeezed between these
    assert fit_calibrator(score, label, "isotonic")(GRID) == pytest.approx(low + (high - low) * theirs, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_no_calibrator_falls_or_is_certain(method: CalibrationMethod) -> None:
    for seed in range(5):
        score, label, _ = drawn_videos(30, 20, seed)
        calibrated = fit_calibrator(score, label, method)(np.linspace(0.001, 0.999, 500))
        assert (np.diff(calibrated) >= 0).all() and calibrated.min() > 0 and calibrated.max() < 1


@pytest.mark.parametrize("method", METHODS)
def test_fakes_that_are_all_above_the_reals_make_no_certainty(method: CalibrationMethod) -> None:
    score = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    calibrated = fit_calibrator(score, [0, 0, 0, 1, 1, 1], method)(score)
    assert 0.05 < calibrated[0] < calibrated[2] + 1e-12 < 0.5 < calibrated[3] < calibrated[-1] + 1e-12 < 0.95


@pytest.mark.parametrize(("method", "expected"), [("temperature", 0.5), ("platt", 0.3), ("isotonic", 0.3)])
def test_scores_that_rank_nothing_or_are_wrong_way_round_become_the_prior(
    method: CalibrationMethod, expected: float
) -> None:
    label = np.repeat([0, 1], 500)
    for score in (np.full(1000, 0.9), np.linspace(0.999, 0.001, 1000)):
        calibrated = fit_calibrator(score, label, method, 0.3)(score)
        assert np.ptp(calibrated) < 1e-9 and calibrated[0] == pytest.approx(expected, abs=0.005)


def test_infinite_logits_are_those_of_the_nearest_scores() -> None:
    score, label = np.array([0.0, 0.0, 0.4, 0.6, 1.0, 1.0]), np.array([0, 0, 1, 0, 1, 1])
    for method in METHODS:
        found = fit_calibrator(score, label, method)
        assert np.isfinite(found(score)).all() and found([0.0])[0] < 0.5 < found([1.0])[0]
        assert np.isnan(found([np.nan])).all()


def test_what_is_no_score_or_no_label_is_refused() -> None:
    for score, label in (([0.5, 1.5], [0, 1]), ([0.5, math.inf], [0, 1]), ([0.5, math.nan], [0, 1]), ([0.5], [2])):
        with pytest.raises(InvalidRowError):
            fit_calibrator(score, label, "platt")


@pytest.mark.parametrize(
    ("reals", "fakes", "method", "message"),
    [
        (
            4,
            30,
            "platt",
            "method=platt needs 5 scored videos of each class, and val of x has 4 real and 30 fake: add",
        ),
        (0, 30, "temperature", "method=temperature needs 5 scored videos of each class, and val of x has 0 real and"),
        (49, 90, "isotonic", "method=isotonic needs 50 .* has 49 real and 90 fake: add videos to val, or take method="),
        (4, 90, "isotonic", "has 4 real and 90 fake: add videos to val$"),
    ],
)
def test_too_few_videos_of_a_class_are_refused(reals: int, fakes: int, method: CalibrationMethod, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        require_enough(np.repeat([0, 1], [reals, fakes]), method, "val of x")
