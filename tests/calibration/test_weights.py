"""The weights of several detectors, against loops of Python and the regressions of other libraries."""

import math

import numpy as np
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from deepfake.calibration import ScoredPersons, combined, equal_weights, fit_calibrator, fit_weights
from tests.calibration.drawn import drawn_videos


def drawn(num_detectors: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of several detectors that are wrong in different videos, (V, D), and labels."""
    label = drawn_videos(40, 60, seed)[1]
    columns = []
    for i in range(num_detectors):
        score, order = drawn_videos(40, 60, seed + 100 + i)[:2]
        columns.append(np.empty(len(label)))
        for of in (0, 1):
            columns[-1][label == of] = score[order == of]
    return np.stack(columns, axis=1), label


def test_the_combined_score_is_that_of_a_plain_loop_in_any_company() -> None:
    scores, weights = drawn(3)[0], (0.5, 0.25, 0.25)
    whole = combined(scores, weights)
    for row, found in zip(scores.tolist(), whole, strict=True):
        mean = sum(weight * math.log(p / (1 - p)) for weight, p in zip(weights, row, strict=True))
        assert found == pytest.approx(1 / (1 + math.exp(-mean)), rel=1e-14)
        assert found == combined([row], weights)[0]  # to the last bit, alone as among others
    assert combined([[0.0, 1.0]], (0.5, 0.5)) == 0.5  # neither has a finite logit
    assert np.isnan(combined([[np.nan, 1.0]], (0.5, 0.5))).all()


@pytest.mark.parametrize("prior", [0.5, 0.2])
def test_weights_and_platt_are_one_logistic_regression_on_all_logits(prior: float) -> None:
    scores, label = drawn(3)
    reals, fakes = np.bincount(label)
    target = np.where(label == 1, (fakes + 1) / (fakes + 2), 1 / (reals + 2))
    weight = np.where(label == 1, prior / fakes, (1 - prior) / reals) * len(label)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    rows, labels = np.tile(logit(scores), (2, 1)), np.repeat([1, 0], len(label))
    model.fit(rows, labels, np.concatenate([weight * target, weight * (1 - target)]))
    slopes = model.coef_[0]
    assert (slopes > 0).all()

    found = fit_weights(scores, label, prior)
    assert sum(found) == pytest.approx(1, abs=1e-12)
    assert found == pytest.approx(slopes / slopes.sum(), abs=1e-5)
    platt = fit_calibrator(combined(scores, found), label, "platt", prior)
    assert (platt.slope, platt.intercept) == pytest.approx((slopes.sum(), model.intercept_[0]), abs=1e-4)


def test_a_detector_that_would_count_backwards_has_no_weight() -> None:
    scores, label = drawn(2)
    backwards = np.where(label == 1, 0.2, 0.8) + np.linspace(-0.1, 0.1, len(label))
    rising = np.column_stack([scores, backwards])
    found = fit_weights(rising, label)
    assert found[2] == 0
    assert found[:2] == pytest.approx(fit_weights(scores, label), abs=1e-5)  # as if it were not there


def test_detectors_that_know_nothing_weigh_the_same(caplog: pytest.LogCaptureFixture) -> None:
    label = np.repeat([0, 1], 10)
    assert fit_weights(np.column_stack([1 - label * 0.9, 0.9 - label * 0.8]), label) == equal_weights(2)
    assert "no detector ranks the fakes of val above its reals" in caplog.text
    assert fit_weights(np.column_stack([0.1 + label * 0.8, np.full(20, 0.3)]), label) == (1.0, 0.0)


def test_a_video_has_its_highest_person_and_is_learnt_from_by_one() -> None:
    scores = np.array([[0.9, 0.1], [0.7, 0.8], [0.2, 0.3]])
    known = ScoredPersons(scores, np.array([1, 1, 0]))
    assert known.of_videos((1.0, 0.0)).round(12).tolist() == [0.2, 0.9]
    assert known.of_videos((0.0, 1.0)).round(12).tolist() == [0.3, 0.8]
    assert known.rows().tolist() == [[0.2, 0.3], [0.7, 0.8]]
