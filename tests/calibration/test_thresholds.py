"""Thresholds against scikit-learn's ROC curve, and scores that leave no choice."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score, roc_curve

from deepfake.calibration import choose_thresholds
from deepfake.metrics import all_numbers
from tests.calibration.drawn import drawn_videos


@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_they_are_the_best_points_of_scikit_learns_curve(decimals: int) -> None:
    for seed in range(10):
        score, label, _ = drawn_videos(120, 80, seed)
        score = score.round(decimals)
        fpr, tpr, _ = roc_curve(label, score, drop_intermediate=False)
        numbers = all_numbers(score, label)
        found = {each.name: each for each in choose_thresholds(score, label)}
        called = {name: score > each.value for name, each in found.items()}
        best = balanced_accuracy_score(label, called["balanced_accuracy"])
        assert best == pytest.approx((tpr - fpr).max() / 2 + 0.5, abs=1e-12)
        for limit in (0.1, 0.01):
            assert recall_score(label, called[f"fpr_{limit}"]) == pytest.approx(tpr[fpr <= limit].max(), abs=1e-12)
            assert called[f"fpr_{limit}"][label == 0].mean() <= limit
        of_eer = found["eer"]
        assert (1 - of_eer.recall + 1 - of_eer.specificity) / 2 == pytest.approx(numbers["eer"], abs=1e-12)
        for name, each in found.items():
            assert each.recall == pytest.approx(called[name][label == 1].mean())
            assert each.specificity == pytest.approx(1 - called[name][label == 0].mean())


def test_of_equally_good_ones_the_highest_calls_the_fewest_fake() -> None:
    balanced, *_ = choose_thresholds([0.1, 0.3, 0.5, 0.7], [0, 1, 0, 1])
    assert (balanced.value, balanced.recall, balanced.specificity) == (pytest.approx(0.6), 0.5, 1.0)


def test_too_few_reals_for_a_rate_are_said() -> None:
    score, label, _ = drawn_videos(99, 20)
    *_, loose, strict = choose_thresholds(score, label)
    assert loose.value is not None and strict.value is None
    assert strict.note == "too few reals: 99, where a false-positive rate of 0.01 needs 100"


def test_scores_that_are_all_alike_or_next_to_each_other() -> None:
    for score in (0.0, 0.5, 1.0):
        for each in choose_thresholds([score] * 20, [0, 1] * 10)[:3]:
            assert (each.value, each.recall, each.specificity) == (score, 0, 1)
    low = 0.5
    high = float(np.nextafter(low, 1))
    balanced, *_ = choose_thresholds([low, high], [0, 1])
    assert balanced.value == low and (balanced.recall, balanced.specificity) == (1, 1)
