"""The mean AUC of several detectors: for one the same as elsewhere, for several against a plain loop of DeLong's."""

import math

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from deepfake.metrics import MeanAucs, compare, measure


def drawn(seed: int, num: int = 40, detectors: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(num) % 2
    return np.clip(rng.normal(0.4 + 0.2 * labels, 0.2, (detectors, num)), 0, 1).round(2), labels


def variance(scores: np.ndarray, labels: np.ndarray, weights: list[float]) -> float:
    """DeLong's variance of a weighted sum of AUCs, by a loop over all pairs."""
    fakes, reals = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    won = np.zeros((len(fakes), len(reals)))
    for weight, each in zip(weights, scores, strict=True):
        for i, fake in enumerate(fakes):
            for j, real in enumerate(reals):
                won[i, j] += weight * (1.0 if each[fake] > each[real] else 0.5 if each[fake] == each[real] else 0.0)
    return float(won.mean(1).var(ddof=1) / len(fakes) + won.mean(0).var(ddof=1) / len(reals))


@pytest.mark.parametrize("grouped", [False, True])
def test_of_one_detector_it_is_what_measure_and_compare_give(grouped: bool) -> None:
    scores, labels = drawn(0)
    clusters = np.arange(40) // 2 if grouped else None
    found = MeanAucs(scores, labels, clusters, replicates=200)
    assert found.estimate([2]) == measure(scores[2], labels, clusters=clusters, replicates=200)["auc"]
    expected = compare(scores[0], scores[3], labels, clusters=clusters, replicates=200)["auc"]
    assert found.difference([0], [3]) == expected


def test_of_several_detectors_both_are_of_the_mean() -> None:
    scores, labels = drawn(1)
    found = MeanAucs(scores, labels)
    areas = [roc_auc_score(labels, each) for each in scores]
    assert found.values == pytest.approx(areas)
    mean, quantile = np.mean(areas[:2]), norm.ppf(0.975)
    reach = quantile * math.sqrt(variance(scores[:2], labels, [0.5, 0.5])) / (mean * (1 - mean))
    one = found.estimate([0, 1])
    assert (one.value, one.low, one.high) == pytest.approx(
        (mean, expit(logit(mean) - reach), expit(logit(mean) + reach))
    )
    two = found.difference([0, 1], [2, 3])
    value, error = mean - np.mean(areas[2:]), math.sqrt(variance(scores, labels, [0.5, 0.5, -0.5, -0.5]))
    assert two.value == pytest.approx(value)
    assert two.p_value == pytest.approx(2 * norm.sf(abs(value) / error))
    assert two.high - two.low == pytest.approx(2 * quantile * error)


def test_groups_that_rank_alike_differ_by_exactly_nothing() -> None:
    scores, labels = drawn(2)
    found = MeanAucs([*scores[:3], *scores[:3] ** 3], labels)
    assert found.difference([0, 1, 2], [3, 4, 5]).p_value == 1


def test_one_class_alone_has_no_number() -> None:
    found = MeanAucs([[0.1, 0.9]] * 2, [1, 1])
    assert math.isnan(found.estimate([0, 1]).value) and math.isnan(found.difference([0], [1]).p_value)
    assert "both classes" in found.estimate([0]).note
