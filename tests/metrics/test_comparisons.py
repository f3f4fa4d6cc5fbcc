"""Two detectors on the same rows: DeLong's test against its published example, the paired bootstrap against a loop."""

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deepfake.metrics.bootstrap import plan_resampling
from deepfake.metrics.comparisons import compare
from deepfake.metrics.estimate import Method
from deepfake.metrics.intervals import percentile_interval, percentile_p_value
from deepfake.metrics.numbers import all_numbers, metric_names
from deepfake.metrics.rows import InvalidRowError
from tests.metrics.ovarian import OVARIAN

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture
def rows() -> Rows:
    """Scores of a good and a worse detector, and labels."""
    generator = np.random.default_rng(2)
    labels = (np.arange(200) % 2).astype(int)
    shared = generator.normal(size=200)
    good, worse = (labels * gain + 0.7 * shared + 0.7 * generator.normal(size=200) for gain in (2.0, 1.0))
    return 1 / (1 + np.exp(-good)), 1 / (1 + np.exp(-worse)), labels


def test_the_paired_example_of_delong_as_sas_publishes_it() -> None:
    albumin, protein, score, survived = np.array(OVARIAN).T
    score = 10 - score
    for other, expected in (
        (albumin, [0.0108, -0.1761, 0.1976, 0.9102]),
        (protein, [-0.0780, -0.2830, 0.1271, 0.4561]),
    ):
        found = compare(other / 10, score / 10, survived, replicates=2)["auc"]
        assert np.round([found.value, found.low, found.high, found.p_value], 4).tolist() == expected
        assert found.method is Method.DELONG


def test_differences_are_those_of_the_numbers_and_change_their_sign_with_the_order(rows: Rows) -> None:
    good, worse, labels = rows
    at, other = {"": 0.5, "_at_val": 0.6}, {"": 0.5, "_at_val": 0.4}
    options: dict[str, Any] = {"replicates": 200, "clusters": np.arange(200) // 4}
    found = compare(good, worse, labels, thresholds=at, second_thresholds=other, **options)
    back = compare(worse, good, labels, thresholds=other, second_thresholds=at, **options)
    first, second = all_numbers(good, labels, thresholds=at), all_numbers(worse, labels, thresholds=other)
    assert list(found) == list(metric_names(at))
    for name, difference in found.items():
        assert difference.value == pytest.approx(first[name] - second[name], nan_ok=True), name
        ends = (back[name].value, -back[name].high, -back[name].low, back[name].p_value)
        expected = (-difference.value, difference.low, difference.high, difference.p_value)
        assert ends == pytest.approx(expected, nan_ok=True), name
    assert found["auc"].p_value < 0.05 and found["auc"].method is Method.CLUSTER_BOOTSTRAP
    assert found["tpr_at_fpr_0.001"].note.startswith("too few reals: 100")


def test_the_bootstrap_draws_the_same_rows_for_both(rows: Rows) -> None:
    good, worse, labels = rows
    clusters = np.arange(200) // 4
    resampling, differences = plan_resampling(clusters, labels == 1), []
    for replicate in range(60):
        drawn = np.repeat(np.arange(50), resampling.draw(3, replicate).astype(int))
        part = np.concatenate([np.flatnonzero(clusters == cluster) for cluster in drawn])
        differences.append(roc_auc_score(labels[part], good[part]) - roc_auc_score(labels[part], worse[part]))
    found = compare(good, worse, labels, clusters=clusters, replicates=60, seed=3)["auc"]
    assert (found.low, found.high) == pytest.approx(percentile_interval(np.array(differences), 0.95, 50))
    assert found.p_value == pytest.approx(percentile_p_value(np.array(differences), 50))


@pytest.mark.parametrize("num_clusters", [5, 50, 10**6])
def test_a_p_value_is_the_level_at_which_the_interval_leaves_out_nothing(num_clusters: int) -> None:
    replicates = np.random.default_rng(0).normal(1.2, 1, 50_001)
    p_value = percentile_p_value(replicates, num_clusters)
    assert 0.1 < p_value < 0.5
    assert percentile_interval(replicates, 1 - p_value - 0.01, num_clusters)[0] > 0
    assert percentile_interval(replicates, 1 - p_value + 0.01, num_clusters)[0] < 0
    assert percentile_p_value(-replicates, num_clusters) == pytest.approx(p_value)


@pytest.mark.parametrize("clusters", [None, np.arange(200) // 4, np.arange(200) // 2])
def test_a_detector_does_not_differ_from_itself(rows: Rows, clusters: np.ndarray | None) -> None:
    good, _, labels = rows
    for name, difference in compare(good, good, labels, clusters=clusters, replicates=50).items():
        if name != "tpr_at_fpr_0.001":
            assert (difference.value, difference.low, difference.high, difference.p_value) == (0, 0, 0, 1), name
            assert difference.note in ("both rank all rows alike", "the two are equal in every replicate")


def test_detectors_that_rank_alike_have_equal_areas_and_other_errors(rows: Rows) -> None:
    good, _, labels = rows
    found = compare(good, good**2, labels, replicates=200)
    assert (found["auc"].value, found["auc"].p_value) == (0, 1)
    assert found["brier"].value != 0 and found["brier"].p_value < 1


def test_a_difference_without_variance_has_no_p_value() -> None:
    labels = np.array([1, 1, 1, 0, 0, 0])
    found = compare(labels * 0.5 + 0.2, np.full(6, 0.4), labels, replicates=50)
    assert found["auc"].value == 0.5 and math.isnan(found["auc"].p_value)
    assert found["auc"].note == "the difference has no variance, so there is no p-value"
    assert math.isnan(found["balanced_accuracy"].p_value) and found["balanced_accuracy"].method is Method.NONE


@pytest.mark.parametrize("labels", [[], [1], [0, 0], [0, 1], [0, 1, 1]])
@pytest.mark.parametrize("together", [False, True])
def test_degenerate_rows_have_a_p_value_or_a_reason(labels: list[int], together: bool) -> None:
    first = np.linspace(0.2, 0.8, len(labels))
    clusters = np.zeros(len(labels), int) if together else None
    for difference in compare(first, first[::-1], labels, clusters=clusters, replicates=20).values():
        assert difference.note or 0 <= difference.p_value <= 1
        assert math.isnan(difference.p_value) == (difference.method is Method.NONE)


def test_what_does_not_fit_is_refused(rows: Rows) -> None:
    good, worse, labels = rows
    with pytest.raises(InvalidRowError, match="row 3: its score is nan"):
        compare(good, np.where(np.arange(200) == 3, math.nan, worse), labels)
    with pytest.raises(ValueError, match="do not fit"):
        compare(good, worse[:-1], labels)
    with pytest.raises(ValueError, match="second_thresholds has .'_at_val'. and thresholds .''.: name the same ones"):
        compare(good, worse, labels, second_thresholds={"_at_val": 0.4})
