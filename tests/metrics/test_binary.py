"""Every metric agrees with scikit-learn or with a value worked out by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from deepfake.metrics.binary import NAMES, binary_metrics


@pytest.fixture(
    params=[(seed, size, digits) for seed in range(3) for size in (7, 200, 30_011) for digits in (1, 2, 15)]
)
def sample(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    seed, size, digits = request.param
    generator = np.random.default_rng(seed)
    labels = np.append([0, 1], generator.random(size - 2) < generator.uniform(0.1, 0.9)).astype(int)
    scores = np.clip(labels * 0.3 + generator.random(size) * 0.7, 0.01, 0.99)
    return scores.round(digits), labels  # rounded, so that some are equal


def eer(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean rate of false positives and false negatives where they are closest."""
    false_positive, true_positive, _ = sk.roc_curve(labels, scores, drop_intermediate=False)
    false_negative = 1 - true_positive
    i = np.argmin(np.abs(false_negative - false_positive))
    return float((false_positive[i] + false_negative[i]) / 2)


def test_numbers_equal_scikit_learns(sample: tuple[np.ndarray, np.ndarray]) -> None:
    scores, labels = sample
    called = scores > 0.5
    expected = {
        "auc": sk.roc_auc_score(labels, scores),
        "ap": sk.average_precision_score(labels, scores),
        "eer": eer(labels, scores),
        "accuracy": sk.accuracy_score(labels, called),
        "f1": sk.f1_score(labels, called),
        "precision": sk.precision_score(labels, called),
        "recall": sk.recall_score(labels, called),
        "log_loss": sk.log_loss(labels, scores),
    }
    found = binary_metrics(torch.from_numpy(scores), torch.from_numpy(labels))
    assert set(found) == set(NAMES) == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-14, abs=0), name


def test_scores_that_all_lie_in_the_middle_are_not_taken_for_logits() -> None:
    # A sigmoid would move all of these above 0.5.
    numbers = binary_metrics(torch.tensor([0.1, 0.2, 0.3, 0.9]), torch.tensor([0, 0, 0, 1]))
    assert numbers["accuracy"] == 1


def test_upside_down_scores_have_an_auc_of_zero() -> None:
    assert binary_metrics(torch.tensor([0.9, 0.1]), torch.tensor([0, 1]))["auc"] == 0


def test_one_class_alone_has_no_auc() -> None:
    numbers = binary_metrics(torch.tensor([0.9, 0.1]), torch.tensor([1, 1]))
    assert all(math.isnan(numbers[name]) for name in ("auc", "ap", "eer"))
    assert numbers["recall"] == 0.5


def test_nothing_at_all_is_not_a_number() -> None:
    assert all(map(math.isnan, binary_metrics(torch.zeros(0), torch.zeros(0)).values()))


@pytest.mark.parametrize("scores", [[-3.0, 2.0], [0.5, math.nan]])
def test_what_is_no_probability_is_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        binary_metrics(torch.tensor(scores), torch.tensor([0, 1]))
