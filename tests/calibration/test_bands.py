"""Bands against plain loops, and their error rates against scipy and what they mean."""

import numpy as np
import pytest
from scipy.stats import binomtest

from deepfake.calibration import BANDS, band_numbers
from deepfake.calibration.bands import count_bands


def name_of(score: float) -> str:
    if score < 0.1:
        return "strong evidence of no manipulation"
    if score < 0.3:
        return "moderate evidence of no manipulation"
    if score <= 0.7:
        return "not conclusive"
    return "moderate evidence of manipulation" if score <= 0.9 else "strong evidence of manipulation"


def test_every_score_has_the_band_of_a_plain_loop() -> None:
    score = np.concatenate([np.linspace(0, 1, 201), [0.1, 0.3, 0.7, 0.9]])
    assert [BANDS[number] for number in band_numbers(score)] == [name_of(each) for each in score]


def test_counts_and_rates_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    label = np.repeat([0, 1], 100)
    score = np.clip(generator.normal(0.3 + 0.4 * label, 0.25), 0, 1)
    for band in count_bands(score, label, 0.5):
        labels = [int(y) for s, y in zip(score, label, strict=True) if name_of(s) == band.name]
        assert (band.num_real, band.num_fake) == (labels.count(0), labels.count(1))
        if band.name == "not conclusive":
            assert (band.error_rate, band.error_low, band.error_high) == (None, None, None)
            continue
        wrong = labels.count(1 if band.high < 0.5 else 0)
        wilson = binomtest(wrong, len(labels)).proportion_ci(method="wilson")
        expected = (wrong / len(labels), wilson.low, wilson.high)
        assert (band.error_rate, band.error_low, band.error_high) == pytest.approx(expected, abs=1e-12)


def test_a_corpus_of_many_fakes_has_the_rates_of_an_even_one() -> None:
    score, label = np.array([0.05] * 12 + [0.95] * 12), np.array([0] * 10 + [1] * 2 + [0] * 2 + [1] * 10)
    even = count_bands(score, label, 0.5)
    fakes = label == 1
    many = count_bands(np.concatenate([score, *[score[fakes]] * 4]), np.concatenate([label, *[label[fakes]] * 4]), 0.5)
    assert [band.num_fake for band in many] == [5 * band.num_fake for band in even]
    assert [band.error_rate for band in many] == pytest.approx([band.error_rate for band in even])
    assert even[0].error_rate == pytest.approx(2 / 12)
    # At their own mixture they are plain shares again: 10 fakes of 20 videos.
    own = count_bands(np.concatenate([score, *[score[fakes]] * 4]), np.concatenate([label, *[label[fakes]] * 4]), 5 / 6)
    assert own[0].error_rate == pytest.approx(10 / 20)


def test_a_band_without_videos_has_no_rate_and_one_without_errors_has_an_interval() -> None:
    bands = count_bands(np.array([0.05] * 5 + [0.95] * 5), np.repeat([0, 1], 5), 0.5)
    assert bands[1].error_rate is None and bands[0].error_rate == 0
    assert bands[0].error_low == 0 and bands[0].error_high == pytest.approx(0.4345, abs=1e-4)
    assert band_numbers(np.array([np.nan])).tolist() == [-1]


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_counted_and_has_no_rates(label: int) -> None:
    bands = count_bands(np.array([0.05, 0.5, 0.95, 0.95]), np.full(4, label), 0.5)
    assert [(band.num_real, band.num_fake)[label] for band in bands] == [1, 0, 1, 0, 2]
    assert {(band.num_real, band.num_fake)[1 - label] for band in bands} == {0}
    assert {(band.error_rate, band.error_low, band.error_high) for band in bands} == {(None, None, None)}
