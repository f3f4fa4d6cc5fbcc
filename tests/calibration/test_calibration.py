"""A whole calibration: what is cross-fitted sees none of what it is measured on, and the numbers are plain ones."""

import json
from dataclasses import asdict
from itertools import chain

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from deepfake.calibration import BANDS, CalibrationMethod, cross_fitted, fit_calibration, fit_calibrator
from deepfake.calibration.cross_fit import folds
from deepfake.errors import CalibrationError
from tests.calibration.drawn import drawn_videos


def test_no_group_is_on_both_sides_and_each_video_is_held_out_once() -> None:
    _, label, person = drawn_videos(40, 60)
    found = folds(label, person)
    assert len(found) == 5
    for rest, held_out in found:
        assert not {*person[rest]} & {*person[held_out]}
    assert sorted(chain.from_iterable(held_out.tolist() for _, held_out in found)) == [*range(100)]


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_a_cross_fitted_score_is_that_of_a_fit_without_the_group(method: CalibrationMethod) -> None:
    score, label, person = drawn_videos(40, 60)
    found = cross_fitted(score, label, person, method, 0.5)
    for rest, held_out in folds(label, person):
        assert np.array_equal(found[held_out], fit_calibrator(score[rest], label[rest], method, 0.5)(score[held_out]))
    # The labels of a person have no part in the person's own scores, as long as the folds are the same.
    _, held_out = folds(label, person)[0]
    others = np.setdiff1d(np.arange(len(label)), held_out)
    assert np.array_equal(found[held_out], fit_calibrator(score[others], label[others], method, 0.5)(score[held_out]))


def test_noise_that_is_learnt_looks_good_only_without_cross_fitting() -> None:
    generator = np.random.default_rng(0)
    score, label = generator.random(200), np.repeat([0, 1], 100)
    optimistic = log_loss(label, fit_calibrator(score, label, "isotonic")(score))
    found = fit_calibration(score, label, "isotonic")
    assert optimistic < np.log(2) < found.after.log_loss


def test_numbers_bands_and_thresholds() -> None:
    score, label, person = drawn_videos(60, 140)
    found = fit_calibration(score, label, "platt", person)
    after = cross_fitted(score, label, person, "platt", 0.5)
    weight = np.where(label == 1, 1 / 140, 1 / 60)
    for numbers, scores in ((found.before, score), (found.after, after)):
        assert numbers.log_loss == pytest.approx(log_loss(label, scores, sample_weight=weight), rel=1e-12)
        assert numbers.brier == pytest.approx(brier_score_loss(label, scores, sample_weight=weight), rel=1e-12)
    assert found.after.log_loss < found.before.log_loss and found.after.ece < found.before.ece
    assert (found.num_real, found.num_fake, found.num_groups) == (60, 140, len({*person}))
    assert sum(band.num_real for band in found.bands) == 60 and sum(band.num_fake for band in found.bands) == 140
    assert found.threshold == found.thresholds[0].value
    bands = found.bands_of([0.0, 1.0, np.nan])
    assert [band and band.name for band in bands] == [BANDS[0], BANDS[4], None]
    json.dumps(asdict(found), allow_nan=False)


def test_people_who_are_too_few_are_told() -> None:
    score, label, _ = drawn_videos(20, 20)
    with pytest.raises(CalibrationError, match="all scored videos of val show one person"):
        fit_calibration(score, label, "platt", np.zeros(40, int))
    with pytest.raises(CalibrationError, match="without some of its people val has videos of one class alone"):
        fit_calibration(score, label, "platt", label)


def test_a_detector_that_ranks_nothing_is_said_to(caplog: pytest.LogCaptureFixture) -> None:
    found = fit_calibration(np.full(20, 0.9), np.repeat([0, 1], 10), "platt")
    assert {band.name for band in found.bands_of([0.1, 0.9]) if band} == {"not conclusive"}
    assert "the scores of val do not rank fakes above reals" in caplog.text
