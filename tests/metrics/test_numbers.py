"""Every number equals scikit-learn's, or a plain loop, on random and degenerate rows; what is no score is refused."""

import math
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torchmetrics.functional.classification import binary_calibration_error

from deepfake.metrics.numbers import AT_HALF, all_numbers, metric_names, missing
from deepfake.metrics.rows import InvalidRowError, checked_clusters, checked_rows
from deepfake.metrics.weighted import WeightedMetrics

Rows = tuple[np.ndarray, np.ndarray]
AT = {"": 0.5, "_at_val": 0.41}


def made_up(seed: int, size: int, digits: int) -> Rows:
    """Scores that are rounded, so that some are equal, among them 0 and 1."""
    generator = np.random.default_rng(seed)
    labels = np.append([0, 1], generator.random(size - 2) < generator.uniform(0.2, 0.8)).astype(int)
    return np.clip(labels * 0.35 + generator.normal(0.3, 0.25, size), 0, 1).round(digits), labels


def reference(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """All numbers by scikit-learn, or by a plain loop where it has none."""
    found = {
        "auc": sk.roc_auc_score(labels, scores, sample_weight=weights),
        "pauc": sk.roc_auc_score(labels, scores, max_fpr=0.1, sample_weight=weights),
        "ap": sk.average_precision_score(labels, scores, sample_weight=weights),
        "brier": sk.brier_score_loss(labels, scores, sample_weight=weights),
        **curve_reference(scores, labels, weights),
        "log_loss": log_loss_reference(scores, labels, weights),
        "ece": ece_reference(scores, labels, weights),
    }
    for suffix, threshold in AT.items():
        found |= {f"{name}{suffix}": value for name, value in decision_reference(scores > threshold, labels, weights)}
    return found


def decision_reference(called: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> list[tuple[str, float]]:
    given: dict[str, Any] = {"sample_weight": weights}
    undefined: dict[str, Any] = {"zero_division": np.nan, **given}
    return [
        ("accuracy", sk.accuracy_score(labels, called, **given)),
        ("balanced_accuracy", sk.balanced_accuracy_score(labels, called, **given)),
        ("f1", sk.f1_score(labels, called, **undefined)),
        ("mcc", sk.matthews_corrcoef(labels, called, **given)),
        ("precision", sk.precision_score(labels, called, **undefined)),
        ("recall", sk.recall_score(labels, called, **undefined)),
        ("specificity", sk.recall_score(labels, called, pos_label=0, **undefined)),
    ]


def curve_reference(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    wrong, right, _ = sk.roc_curve(labels, scores, drop_intermediate=False, sample_weight=weights)
    closest = np.argmin(np.abs(1 - right - wrong).round(12))
    rates = {f"tpr_at_fpr_{limit}": max(right[wrong <= limit]) for limit in (0.1, 0.01, 0.001)}
    return {"eer": (1 - right[closest] + wrong[closest]) / 2, **rates}


def log_loss_reference(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    losses = [100.0 if p == 0 else min(-math.log(p), 100.0) for p in np.where(labels == 1, scores, 1 - scores)]
    return math.fsum(np.multiply(losses, weights)) / weights.sum()


def ece_reference(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    total, edges = 0.0, np.linspace(0, 1, 16)
    for low, high in pairwise(edges):
        held = (scores >= low) & ((scores < high) | ((high == 1) & (scores == 1)))
        if weights[held].sum():
            gap = np.average(labels[held], weights=weights[held]) - np.average(scores[held], weights=weights[held])
            total += abs(gap) * weights[held].sum()
    return total / weights.sum()


@pytest.mark.parametrize("digits", [1, 2, 15])
@pytest.mark.parametrize("size", [1_100, 6_000])
def test_numbers_equal_scikit_learns(size: int, digits: int) -> None:
    for seed in range(3):
        scores, labels = made_up(seed, size, digits)
        found, expected = all_numbers(scores, labels, thresholds=AT), reference(scores, labels, np.ones(size))
        assert list(found) == list(metric_names(AT)) and set(found) == set(expected)
        for name, value in expected.items():
            too_few = (labels == 0).sum() < 1000 and name == "tpr_at_fpr_0.001"
            assert found[name] == pytest.approx(math.nan if too_few else value, rel=1e-12, abs=1e-15, nan_ok=True), name


@pytest.mark.parametrize("digits", [1, 15])
@pytest.mark.parametrize("size", [9, 60, 700])
def test_a_weighting_of_clusters_equals_the_sample_weights_of_scikit_learn(size: int, digits: int) -> None:
    generator = np.random.default_rng(size)
    scores, labels = made_up(size, size, digits)
    num_clusters = size // 3
    clusters = np.append(np.arange(num_clusters), generator.integers(0, num_clusters, size - num_clusters))
    weights = generator.integers(0, 4, (6, num_clusters)).astype(float)
    found = WeightedMetrics(scores, labels == 1, clusters, AT)(weights)
    for row, drawn in enumerate(weights[:, clusters]):
        if not (drawn[labels == 1].any() and drawn[labels == 0].any()):
            continue
        for name, value in reference(scores, labels, drawn).items():
            assert found[name][row] == pytest.approx(value, rel=1e-10, abs=1e-12, nan_ok=True), (name, row)


def test_a_replicate_is_the_same_as_its_rows_written_out() -> None:
    scores, labels = made_up(3, 40, 2)
    drawn = np.random.default_rng(0).integers(0, 3, 40)
    weighted = WeightedMetrics(scores, labels == 1, np.arange(40), AT)(drawn[None].astype(float))
    written = np.repeat(np.arange(40), drawn)
    plain = WeightedMetrics(scores[written], labels[written] == 1, np.arange(len(written)), AT)
    expected = plain(np.ones((1, len(written))))
    assert all(np.allclose(weighted[name], expected[name], rtol=1e-12, equal_nan=True) for name in expected)


def test_the_calibration_error_equals_that_of_torchmetrics() -> None:
    scores, labels = made_up(5, 4_000, 15)
    theirs = binary_calibration_error(torch.tensor(scores), torch.tensor(labels), n_bins=15, norm="l1")
    assert all_numbers(scores, labels)["ece"] == pytest.approx(float(theirs), abs=1e-6)


def test_rates_at_a_limit_are_those_of_whole_rows_and_of_all_that_are_equal() -> None:
    # 10 reals: one alarm is a rate of exactly 0.1, which is allowed. The two fakes at 0.8 share its threshold.
    scores = np.array([0.95, 0.8, 0.8, 0.5, 0.8, *[0.1] * 9])
    labels = np.array([1, 1, 1, 1, 0, *[0] * 9])
    assert all_numbers(scores, labels)["tpr_at_fpr_0.1"] == 1.0
    # With a second real at 0.8 the threshold allows two alarms of 11, so only the fake above it is found.
    assert all_numbers(np.append(scores, 0.8), np.append(labels, 0))["tpr_at_fpr_0.1"] == 0.25


DEGENERATE = {
    "nothing": ([], []),
    "one fake": ([0.7], [1]),
    "one real": ([0.7], [0]),
    "fakes alone": ([0.9, 0.1], [1, 1]),
    "reals alone": ([0.9, 0.1], [0, 0]),
    "constant": ([0.5] * 4, [0, 1, 0, 1]),
    "none called": ([0.1, 0.2], [0, 1]),
    "extremes": ([0.0, 1.0, 1.0, 0.0], [1, 0, 1, 0]),
}
EXPECTED = {
    "nothing": {},
    "one fake": {"accuracy": 1, "f1": 1, "precision": 1, "recall": 1, "log_loss": -math.log(0.7), "ece": 0.3},
    "one real": {"accuracy": 0, "f1": 0, "precision": 0, "specificity": 0, "brier": 0.49, "ece": 0.7},
    "fakes alone": {"accuracy": 0.5, "f1": 2 / 3, "precision": 1, "recall": 0.5, "brier": 0.41, "ece": 0.5},
    "reals alone": {"accuracy": 0.5, "f1": 0, "precision": 0, "specificity": 0.5, "brier": 0.41, "ece": 0.5},
    "constant": {"auc": 0.5, "ap": 0.5, "eer": 0.5, "mcc": 0, "recall": 0, "specificity": 1, "f1": 0, "ece": 0},
    "none called": {"auc": 1, "ap": 1, "eer": 0, "mcc": 0, "recall": 0, "f1": 0, "balanced_accuracy": 0.5},
    "extremes": {"auc": 0.5, "accuracy": 0.5, "log_loss": 50, "brier": 0.5, "mcc": 0, "precision": 0.5, "ece": 0.5},
}
UNDEFINED = {
    "one fake": ("auc", "pauc", "ap", "eer", "balanced_accuracy", "mcc", "specificity"),
    "one real": ("auc", "recall", "mcc", "balanced_accuracy"),
    "fakes alone": ("auc", "specificity", "tpr_at_fpr_0.1"),
    "reals alone": ("auc", "recall", "tpr_at_fpr_0.1"),
    "constant": ("precision", "pauc", "tpr_at_fpr_0.1"),
    "none called": ("precision",),
    "extremes": ("tpr_at_fpr_0.01",),
    "nothing": tuple(metric_names(AT_HALF)),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_rows_have_defined_numbers(case: str) -> None:
    found = all_numbers(*DEGENERATE[case])
    for name, value in EXPECTED[case].items():
        assert found[name] == pytest.approx(value), name
    assert all(math.isnan(found[name]) for name in UNDEFINED[case])


@pytest.mark.parametrize(
    ("name", "num_reals", "reason"),
    [
        ("tpr_at_fpr_0.001", 178, "too few reals: 178, where a false-positive rate of 0.001 needs 1000"),
        ("tpr_at_fpr_0.001", 1000, ""),
        ("tpr_at_fpr_0.01", 99, "too few reals: 99, where a false-positive rate of 0.01 needs 100"),
        ("tpr_at_fpr_0.01", 100, ""),
        ("pauc", 9, "too few reals: 9, where a false-positive rate of 0.1 needs 10"),
        ("pauc", 10, ""),
        ("auc", 1, ""),
    ],
)
def test_too_few_reals_for_a_number_are_said(name: str, num_reals: int, reason: str) -> None:
    labels = np.append(np.zeros(num_reals, bool), True)
    assert missing(name, labels, 0.5) == reason


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, -1e-9, 1 + 1e-9, 3.0])
def test_what_is_no_probability_is_refused_with_its_row(score: float) -> None:
    with pytest.raises(InvalidRowError, match=f"row 2: its score is {score}, and must be a probability") as caught:
        all_numbers([0.5, 0.1, score, math.nan], [0, 1, 1, 0])
    assert caught.value.index == 2
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.index, str(again)) == (2, str(caught.value))


@pytest.mark.parametrize("label", [2, -1, 0.5, math.nan])
def test_what_is_no_label_is_refused_with_its_row(label: float) -> None:
    with pytest.raises(InvalidRowError, match=f"row 1: its label is {label}, and must be 0 .real. or 1 .fake."):
        checked_rows([0.5, 0.1], [0, label])


@pytest.mark.parametrize("labels", [[0], [[0, 1]], 1])
def test_scores_and_labels_of_other_shapes_are_refused(labels: object) -> None:
    with pytest.raises(ValueError, match="do not fit: give one of each per row"):
        checked_rows([0.5, 0.1], labels)  # type: ignore[arg-type]


@pytest.mark.parametrize("clusters", [[1], [0.0, 1.0], ["a", "b"], [[0, 1]]])
def test_clusters_that_are_no_numbers_of_rows_are_refused(clusters: list[object]) -> None:
    with pytest.raises(ValueError, match="give a whole number for each of 2 rows"):
        checked_clusters(clusters, 2)  # type: ignore[arg-type]
