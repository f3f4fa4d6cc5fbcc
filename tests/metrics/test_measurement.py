"""Every number has its interval: by a formula against scipy, by the bootstrap against a plain loop, or a reason."""

import math
from typing import Any, Literal

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn.metrics import roc_auc_score

from deepfake.errors import ConfigError
from deepfake.metrics import bootstrap
from deepfake.metrics.bootstrap import plan_resampling, replicate_metrics
from deepfake.metrics.estimate import Estimate, Method
from deepfake.metrics.hanley_mcneil import hanley_mcneil_error
from deepfake.metrics.intervals import newcombe_interval, percentile_interval
from deepfake.metrics.measurement import measure
from deepfake.metrics.numbers import all_numbers, metric_names
from deepfake.metrics.weighted import WeightedMetrics

Rows = tuple[np.ndarray, np.ndarray]
AT = {"": 0.5, "_at_val": 0.41}


@pytest.fixture
def rows() -> Rows:
    generator = np.random.default_rng(1)
    labels = (np.arange(240) % 5 < 2).astype(int)
    return np.clip(labels * 0.2 + generator.normal(0.4, 0.2, 240), 0, 1).round(3), labels


def test_every_number_has_an_interval_around_it_and_a_method(rows: Rows) -> None:
    found, values = measure(*rows, thresholds=AT, replicates=200), all_numbers(*rows, thresholds=AT)
    assert list(found) == list(metric_names(AT)) == list(values)
    for name, estimate in found.items():
        assert estimate.value == pytest.approx(values[name], nan_ok=True)
        if name == "tpr_at_fpr_0.001":
            assert math.isnan(estimate.low) and math.isnan(estimate.high) and estimate.method is Method.NONE
            assert estimate.note == "too few reals: 144, where a false-positive rate of 0.001 needs 1000"
        else:
            assert estimate.low <= estimate.value <= estimate.high and estimate.low < estimate.high
            formula = {"auc": Method.DELONG, **dict.fromkeys(("accuracy", "recall", "specificity"), Method.WILSON)}
            assert estimate.method is formula.get(metric_names(AT)[name], Method.BOOTSTRAP)
    assert "144 reals are few for a false-positive rate of 0.01" in found["tpr_at_fpr_0.01"].note
    assert found["tpr_at_fpr_0.1"].note == found["mcc"].note == ""


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("rates", ["wilson", "exact"])
def test_rates_have_the_intervals_of_scipy(rows: Rows, rates: Literal["wilson", "exact"], confidence: float) -> None:
    scores, labels = rows
    found = measure(scores, labels, thresholds=AT, replicates=2, rates=rates, confidence=confidence)
    for suffix, threshold in AT.items():
        right = (scores > threshold) == labels
        for name, part in (("accuracy", labels >= 0), ("recall", labels == 1), ("specificity", labels == 0)):
            expected = binomtest(int(right[part].sum()), int(part.sum())).proportion_ci(confidence, rates)
            estimate = found[f"{name}{suffix}"]
            assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
            assert estimate.method == {"wilson": "Wilson", "exact": "Clopper-Pearson"}[rates]


def test_the_interval_of_the_area_is_delongs_on_the_logit_scale(rows: Rows) -> None:
    scores, labels = rows
    fakes, reals = scores[labels == 1], scores[labels == 0]
    won = (fakes[:, None] > reals) + (fakes[:, None] == reals) / 2
    error = math.sqrt(won.mean(1).var(ddof=1) / len(fakes) + won.mean(0).var(ddof=1) / len(reals))
    area = won.mean()
    middle, reach = math.log(area / (1 - area)), norm.ppf(0.975) * error / (area * (1 - area))
    estimate = measure(scores, labels, replicates=2)["auc"]
    ends = [1 / (1 + math.exp(-middle - reach * side)) for side in (-1, 1)]
    assert [estimate.low, estimate.high] == pytest.approx(ends) and estimate.method is Method.DELONG


@pytest.mark.parametrize("area", [0.0, 0.3, 0.9, 1.0])
def test_newcombes_interval_ends_where_the_area_is_just_as_far_as_it_may_be(area: float) -> None:
    # With equal numbers of both classes, his error is Hanley and McNeil's.
    low, high = newcombe_interval(area, 15, 15, 0.95)
    for end, edge in ((low, 0), (high, 1)):
        if area == edge:
            assert end == pytest.approx(edge, abs=1e-8)
        else:
            assert abs(area - end) == pytest.approx(norm.ppf(0.975) * hanley_mcneil_error(end, 15, 15), rel=1e-6)
    mirrored = newcombe_interval(1 - area, 15, 15, 0.95)
    assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))


def test_perfect_detectors_have_an_interval_where_a_formula_has_one_and_a_reason_elsewhere() -> None:
    found = measure([0.9] * 6 + [0.1] * 6, [1] * 6 + [0] * 6, replicates=50)
    assert found["auc"].method is Method.NEWCOMBE and 0.6 < found["auc"].low < found["auc"].high == 1
    assert found["recall"].low == pytest.approx(binomtest(6, 6).proportion_ci(method="wilson").low)
    assert found["mcc"] == Estimate(1.0, *[pytest.approx(math.nan, nan_ok=True)] * 2, Method.NONE, found["mcc"].note)
    assert found["mcc"].note.startswith("no replicate differs from the value")


def plain_bootstrap(scores: np.ndarray, labels: np.ndarray, clusters: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """AUCs of replicates whose clusters are written out row by row."""
    found = []
    for drawn in draws:
        part = np.concatenate([np.flatnonzero(clusters == cluster) for cluster in drawn])
        one_class = len(set(labels[part])) == 1
        found.append(math.nan if one_class else roc_auc_score(labels[part], scores[part]))
    return np.array(found)


@pytest.mark.parametrize("kind", ["mixed", "apart"])
def test_replicates_equal_those_written_out(rows: Rows, kind: str) -> None:
    scores, labels = rows
    # Five rows in turn have both classes; five that are 48 rows apart have one.
    clusters = np.arange(240) // 5 if kind == "mixed" else np.arange(240) % 40 // 5 * 5 + np.arange(240) % 5
    resampling = plan_resampling(clusters, labels == 1)
    assert len(resampling.strata) == {"mixed": 1, "apart": 2}[kind]
    metrics = WeightedMetrics(scores, labels == 1, clusters, AT)
    found = replicate_metrics([metrics], resampling, 30, 7)[0]["auc"]
    weights = [resampling.draw(7, replicate).astype(int) for replicate in range(30)]
    draws = np.array([np.repeat(np.arange(len(each)), each) for each in weights])
    assert found == pytest.approx(plain_bootstrap(scores, labels, clusters, draws))
    for drawn in draws:
        assert [np.isin(drawn, members).sum() for members in resampling.strata] == list(map(len, resampling.strata))


def test_every_cluster_is_drawn_as_often_as_every_other() -> None:
    resampling = plan_resampling(np.arange(10), np.arange(10) < 3)
    mean = np.mean([resampling.draw(0, replicate) for replicate in range(4_000)], axis=0)
    assert mean == pytest.approx(np.ones(10), abs=0.07)  # a standard error is 0.015


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("block", [1, 10_000, 2**17])
def test_no_number_depends_on_threads_or_blocks(
    rows: Rows, cores: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"clusters": np.arange(240) // 6, "replicates": 60, "seed": 5}
    expected = measure(*rows, **options)
    monkeypatch.setattr(bootstrap, "num_cores", lambda: cores)
    monkeypatch.setattr(bootstrap, "BLOCK", block)
    # Not ==, since numbers without a value are NaN.
    assert repr(measure(*rows, **options)) == repr(expected)
    assert repr(measure(*rows, **options | {"seed": 6})) != repr(expected)


def test_clusters_are_named_by_any_numbers_and_singles_are_independent(rows: Rows) -> None:
    grouped = np.arange(240) // 6
    named = measure(*rows, clusters=grouped * 1000 - 7, replicates=50)
    assert repr(named) == repr(measure(*rows, clusters=grouped, replicates=50))
    assert {each.method for each in named.values()} == {Method.CLUSTER_BOOTSTRAP, Method.NONE}
    singles = np.random.default_rng(0).permutation(240)
    assert measure(*rows, clusters=singles, replicates=2)["auc"].method is Method.DELONG


def test_clips_of_one_video_make_the_interval_wider(rows: Rows) -> None:
    scores, labels = np.repeat(rows[0], 10), np.repeat(rows[1], 10)
    naive = measure(scores, labels, replicates=100)["auc"]
    over_videos = measure(scores, labels, clusters=np.repeat(np.arange(240), 10), replicates=400)["auc"]
    assert over_videos.high - over_videos.low > 2.5 * (naive.high - naive.low)  # the square root of 10, nearly


def test_percentiles_are_those_of_numpy_and_further_apart_for_few_clusters() -> None:
    replicates = np.random.default_rng(0).normal(size=999)
    many = percentile_interval(replicates, 0.9, 10**6)
    assert many == pytest.approx(tuple(np.quantile(replicates, [0.05, 0.95])), abs=1e-3)
    low, high = percentile_interval(replicates, 0.9, 8)
    assert low < many[0] and many[1] < high
    assert high == pytest.approx(1.8946 * math.sqrt(8 / 7), abs=0.15)  # Student's t with 7 degrees of freedom


def test_replicates_of_one_class_are_left_out_and_counted() -> None:
    # Two people have both classes, and all reals are theirs: a replicate without them has no area.
    labels, clusters = [1, 0, 1, 0, *[1] * 10], [0, 0, 1, 1, *range(2, 12)]
    scores = np.linspace(0.9, 0.1, 14)
    estimate = measure(scores, labels, clusters=clusters, replicates=400)["auc"]
    count, said = estimate.note.split("; ")[0].split(" ", 1)
    assert said == "of 400 replicates had no value and were left out"
    assert int(count) / 400 == pytest.approx((10 / 12) ** 12, abs=0.06)
    assert "12 clusters are few: the interval may be too narrow" in estimate.note


def test_a_class_of_one_video_has_no_interval() -> None:
    found = measure([0.9, 0.8, 0.3, 0.4, 0.85], [1, 1, 0, 0, 1], clusters=[0, 1, 2, 2, 3], replicates=20)
    assert found["auc"].value == 1
    assert all(math.isnan(each.low) and math.isnan(each.high) for each in found.values())
    assert found["auc"].note == "all rows, or those of a class, are of one cluster, so there is no interval"


CASES = {"nothing": [], "one": [1], "fakes": [1, 1, 1], "reals": [0, 0], "both": [0, 1], "constant": [0, 1, 0, 1]}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_degenerate_rows_have_a_value_and_an_interval_or_a_reason(case: str, together: bool) -> None:
    labels = CASES[case]
    clusters = np.zeros(len(labels), int) if together else None
    found = measure([0.5] * len(labels), labels, clusters=clusters, replicates=20)
    for name, estimate in found.items():
        assert math.isnan(estimate.low) == math.isnan(estimate.high) == (estimate.method is Method.NONE), name
        assert estimate.note or not math.isnan(estimate.low)
        assert math.isnan(estimate.low) or estimate.low <= estimate.value <= estimate.high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 1.0}, "confidence is 1.0: "),
        ({"confidence": 95}, "confidence is 95: "),
        ({"replicates": 1}, "replicates is 1: "),
        ({"seed": -1, "rates": "wald"}, "seed is -1: .*; rates is 'wald': "),
    ],
)
def test_arguments_out_of_range_are_refused(rows: Rows, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        measure(*rows, **options)


def test_clusters_of_other_rows_are_refused(rows: Rows) -> None:
    with pytest.raises(ValueError, match="give a whole number for each of 240 rows"):
        measure(*rows, clusters=[0, 1])


@pytest.mark.parametrize("seed", range(40))
def test_replicates_without_reals_beside_others_are_left_out(seed: int) -> None:
    # Few rows, of which one person alone has reals: some replicates have none, and settle elsewhere than the others.
    draw = np.random.default_rng(seed)
    number = int(draw.integers(3, 7))
    labels = np.array([0, 1, *[1] * (number - 2)])
    clusters = np.array([0, 0, *range(1, number - 1)])
    found = measure(
        draw.random(number).round(int(draw.integers(1, 3))), labels, clusters=clusters, replicates=50, seed=seed
    )
    assert 0 <= found["auc"].value <= 1 and math.isnan(found["pauc"].value)
    assert found["auc"].method is Method.NONE or "had no value and were left out" in found["auc"].note
