"""Numbers of probabilities at another share of fakes, against scikit-learn's weights and repeated rows."""

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from deepfake.metrics import all_numbers, measure, measure_probabilities


def rows(num_reals: int = 30, num_fakes: int = 60) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    label = np.repeat([0, 1], [num_reals, num_fakes])
    return np.clip(generator.normal(0.4 + 0.2 * label, 0.3), 0, 1), label


def test_at_the_rows_own_share_they_are_the_usual_numbers_with_the_usual_intervals() -> None:
    score, label = rows()
    plain = measure(score, label, seed=3)
    for name, found in measure_probabilities(score, label, 2 / 3, seed=3).items():
        assert found.value == pytest.approx(plain[name].value, rel=1e-12)
        assert (found.low, found.high) == pytest.approx((plain[name].low, plain[name].high), rel=1e-9)


def test_at_another_share_they_are_those_of_weighted_and_of_repeated_rows() -> None:
    score, label = rows()
    score = np.clip(score, 0.01, 0.99)
    found = measure_probabilities(score, label, 0.5, replicates=2)
    weight = np.where(label == 1, 1, 2)
    assert found["log_loss"].value == pytest.approx(log_loss(label, score, sample_weight=weight), rel=1e-12)
    assert found["brier"].value == pytest.approx(brier_score_loss(label, score, sample_weight=weight), rel=1e-12)
    twice = all_numbers(np.repeat(score, weight), np.repeat(label, weight))
    assert {name: each.value for name, each in found.items()} == pytest.approx({name: twice[name] for name in found})


def test_people_are_drawn_as_a_whole() -> None:
    score, label = rows()
    alone = measure_probabilities(score, label, 0.5)["brier"]
    twins = measure_probabilities(np.tile(score, 2), np.tile(label, 2), 0.5, clusters=np.tile(np.arange(90), 2))[
        "brier"
    ]
    assert (twins.value, twins.low, twins.high) == pytest.approx((alone.value, alone.low, alone.high))


def test_one_class_alone_has_no_number() -> None:
    for label in ([0, 0], [1, 1], []):
        found = measure_probabilities([0.2, 0.7][: len(label)], label, 0.5)
        assert all(math.isnan(each.value) and each.note == "it needs both classes" for each in found.values())
