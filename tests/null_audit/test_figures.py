"""The numbers of an audit against scikit-learn and plain counts."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from deepfake.null_audit import fit_null_model
from deepfake.null_audit.figures import auc, auc_within, importances, least_p_value, p_value


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_auc_is_scikit_learns(rng: np.random.Generator) -> None:
    scores, labels = rng.random(50).round(1), rng.integers(0, 2, 50)
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert math.isnan(auc(scores[:3], np.ones(3, int)))


def test_pairs_of_two_folds_are_not_compared(rng: np.random.Generator) -> None:
    scores, labels, folds = rng.random(40).round(1), rng.integers(0, 2, 40), rng.integers(-1, 4, 40)
    won = [
        1.0 if scores[fake] > scores[real] else 0.5 * (scores[fake] == scores[real])
        for fake in np.flatnonzero(labels == 1)
        for real in np.flatnonzero(labels == 0)
        if folds[fake] == folds[real] >= 0
    ]
    assert auc_within(scores, labels, folds) == pytest.approx(np.mean(won), abs=1e-12)
    assert math.isnan(auc_within(scores, labels, labels))
    assert math.isnan(auc_within(np.full(40, np.nan), labels, np.full(40, -1)))


def test_the_p_value_counts_all_ways_to_draw_the_fakes() -> None:
    scores, labels = np.array([0.1, 0.3, 0.35, 0.6, 0.7, 0.8]), np.array([0, 0, 1, 0, 1, 1])
    reached = auc(scores, labels)
    ways = [auc(scores, np.isin(np.arange(6), fakes).astype(int)) for fakes in combinations(range(6), 3)]
    assert p_value(scores, labels) == pytest.approx(np.mean([way >= reached - 1e-12 for way in ways]))
    assert p_value(np.sort(scores), np.array([0, 0, 0, 1, 1, 1])) == pytest.approx(least_p_value(labels)) == 1 / 20


def test_equal_scores_are_chance_and_one_class_has_no_p_value(rng: np.random.Generator) -> None:
    assert p_value(np.full(30, 0.5), np.arange(30) % 2) >= 0.5
    assert math.isnan(p_value(rng.random(4), np.zeros(4, int))) and math.isnan(least_p_value(np.zeros(4, int)))


def test_the_p_values_of_guesses_are_uniform(rng: np.random.Generator) -> None:
    labels = np.arange(60) % 3 // 2
    found = np.sort([p_value(rng.random(60), labels) for _ in range(400)])
    assert np.abs(found - np.linspace(0, 1, 400)).max() < 0.08


def test_what_tells_the_classes_comes_first_and_its_own_auc_has_a_direction(rng: np.random.Generator) -> None:
    labels = np.arange(120) % 2
    features = pd.DataFrame(rng.normal(size=(120, 3)), columns=["a", "lower", "c"])
    features["lower"] -= 5 * labels
    features["never"] = np.nan
    features["word"] = "h264"
    found = importances(fit_null_model(features, labels), features, labels)
    assert found.index[0] == "lower" and found.loc["lower", "importance"] > 0.3
    assert (
        found.loc["lower", "auc"] == pytest.approx(roc_auc_score(labels, features["lower"]))
        and found["auc"].min() < 0.1
    )
    assert found.loc["never", "importance"] == found.loc["word", "importance"] == 0
    assert found.loc[["never", "word"], "auc"].isna().all()
    pd.testing.assert_frame_equal(found, importances(fit_null_model(features, labels), features, labels))
    assert importances(fit_null_model(features, labels), features[:1], labels[:1]).isna().all(axis=None)
