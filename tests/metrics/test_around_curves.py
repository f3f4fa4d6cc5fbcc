"""Bands around curves against a loop over replicates that are written out row by row, and against `measure`."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from deepfake.errors import ConfigError
from deepfake.metrics import Method, curve_bands, measure
from deepfake.metrics.bootstrap import plan_resampling
from deepfake.metrics.intervals import percentile_interval

FPRS = np.array([0.0, 0.004, 0.1, 0.25, 0.5, 0.999, 1.0])
RECALLS = np.array([0.01, 0.2, 0.5, 0.75, 1.0])
REPLICATES = 60


def rows(seed: int, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores, with ties if they have few decimals, and labels."""
    draw = np.random.default_rng(seed)
    labels = (np.arange(90) % 5 < 2).astype(int)
    return np.clip(labels * 0.2 + draw.normal(0.4, 0.2, 90), 0, 1).round(decimals), labels


def plain_tpr(scores: np.ndarray, labels: np.ndarray, fpr: float) -> float:
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    return float(hits[false_alarms <= fpr].max())


def plain_precision(scores: np.ndarray, labels: np.ndarray, recall: float) -> float:
    precisions, recalls, _ = precision_recall_curve(labels, scores)  # from the lowest threshold to the highest
    return float(precisions[recalls >= recall][-1])


def plain_band(
    one: Callable[[np.ndarray, np.ndarray, float], float],
    points: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    clusters: np.ndarray,
) -> np.ndarray:
    """The ends of each point's interval, (2, P)."""
    resampling = plan_resampling(clusters, labels == 1)
    found = []
    for replicate in range(REPLICATES):
        drawn = resampling.draw(3, replicate).astype(int)
        again = np.repeat(np.arange(len(labels)), drawn[clusters])
        if 0 < labels[again].sum() < len(again):
            found.append([one(scores[again], labels[again], point) for point in points])
    columns = np.array(found).T
    return np.array([percentile_interval(column, 0.95, resampling.smallest) for column in columns]).T


@pytest.mark.parametrize("decimals", [1, 9])
@pytest.mark.parametrize("kind", ["alone", "people", "one class each"])
def test_bands_equal_those_of_a_plain_loop(kind: str, decimals: int) -> None:
    scores, labels = rows(decimals, decimals)
    number = np.arange(90)
    clusters = {"alone": number, "people": number // 4, "one class each": labels * 50 + number % 11}[kind]
    named = np.unique(clusters, return_inverse=True)[1]
    found = curve_bands(scores, labels, FPRS, RECALLS, clusters=clusters, replicates=REPLICATES, seed=3)
    expected = (
        plain_band(plain_tpr, FPRS, scores, labels, named),
        plain_band(plain_precision, RECALLS, scores, labels, named),
    )
    for band, ends in zip(found, expected, strict=True):
        np.testing.assert_allclose([band.low, band.high], ends, atol=1e-12)
        assert band.method is (Method.BOOTSTRAP if kind == "alone" else Method.CLUSTER_BOOTSTRAP)


@pytest.mark.parametrize("grouped", [False, True])
def test_at_a_rate_that_has_a_number_the_ends_are_its_interval(grouped: bool) -> None:
    draw = np.random.default_rng(5)
    labels = draw.integers(0, 2, 700)
    scores = np.clip(draw.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    clusters = draw.integers(0, 60, 700) if grouped else None
    fprs = np.array([0.01, 0.1])
    band = curve_bands(scores, labels, fprs, [1.0], clusters=clusters, replicates=200, seed=2).tpr
    numbers = measure(scores, labels, clusters=clusters, replicates=200, seed=2)
    for place, fpr in enumerate(fprs):
        one = numbers[f"tpr_at_fpr_{fpr:g}"]
        assert (band.low[place], band.high[place], band.method) == (one.low, one.high, one.method)


def test_replicates_of_one_class_are_left_out_and_counted() -> None:
    labels, clusters = [1, 0, 1, 0, *[1] * 10], [0, 0, 1, 1, *range(2, 12)]
    band = curve_bands(np.linspace(0.9, 0.1, 14), labels, [0.5], [0.5], clusters=clusters, replicates=400).tpr
    assert np.isfinite([band.low, band.high]).all()
    assert "of 400 replicates had no value and were left out; 12 clusters are few" in band.note


@pytest.mark.parametrize(("clusters", "reason"), [(None, "no replicate differs"), ([0, 1, 1, 0], "of one cluster")])
def test_where_nothing_varies_there_is_no_band_but_a_reason(clusters: list[int] | None, reason: str) -> None:
    scores, labels = ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) if clusters is None else ([0.1, 0.9, 0.8, 0.2], [0, 1, 1, 0])
    for band in curve_bands(scores, labels, [0.0, 1.0], [1.0], clusters=clusters, replicates=20):
        assert band.method is Method.NONE and reason in band.note
        assert all(map(math.isnan, [*band.low, *band.high]))


def test_what_has_no_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="no curves of one class alone"):
        curve_bands([0.1, 0.2], [1, 1], [0.5], [0.5])
    with pytest.raises(ConfigError, match="replicates is 1"):
        curve_bands([0.1, 0.2], [1, 0], [0.5], [0.5], replicates=1)
