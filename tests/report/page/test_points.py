"""Points of curves against scikit-learn and plain loops."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from deepfake.report.page.points import Rates, calls, histogram, precision_points, probit, roc_points
from deepfake.report.reliability import reliability


@pytest.fixture(scope="module")
def videos() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 3000)
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * label, 0.2), 0, 1), 3)  # with ties
    return pd.DataFrame({"label": label, "score": score, "method": "a"})


def test_rates_are_those_of_scikit_learn(videos: pd.DataFrame) -> None:
    false_alarm, hit, _ = roc_curve(videos["label"], videos["score"], drop_intermediate=False)
    ours = roc_points(videos)
    np.testing.assert_allclose(ours.x, false_alarm, atol=1e-6)
    np.testing.assert_allclose(ours.y, hit, atol=1e-6)
    precision, recall, _ = precision_recall_curve(videos["label"], videos["score"])
    ours = precision_points(videos)
    np.testing.assert_allclose(ours.x, recall[-2::-1], atol=1e-6)
    np.testing.assert_allclose(ours.y, precision[-2::-1], atol=1e-6)


def test_a_long_curve_is_thinned_without_another_area(videos: pd.DataFrame) -> None:
    x = np.linspace(0, 1, 50_000)
    whole = Rates(x, np.sqrt(x))
    thin = whole.thinned()
    assert 300 < len(thin.x) <= 402 and (thin.x[0], thin.x[-1]) == (0, 1)
    assert auc(thin.x, thin.y) == pytest.approx(2 / 3, abs=1e-3)
    assert Rates(x[:10], x[:10]).thinned().x.tolist() == x[:10].tolist()


def test_bins_are_those_of_a_plain_loop(videos: pd.DataFrame) -> None:
    rows = reliability(videos)
    assert rows["videos"].sum() == len(videos) and len(rows) == 15
    for i, row in rows.iterrows():
        last = i == 14
        inside = (videos["score"] >= i / 15) & ((videos["score"] < (i + 1) / 15) | last)
        assert row["videos"] == inside.sum()
        assert row["share"] == pytest.approx(videos["label"][inside].mean())
        assert row["low"] <= row["share"] <= row["high"]
    error = ((rows["share"] - rows["score"]).abs() * rows["videos"]).sum() / len(videos)
    assert error == pytest.approx(_plain_error(videos))


def _plain_error(videos: pd.DataFrame) -> float:
    """The expected calibration error, bin by bin."""
    gaps = 0.0
    for i in range(15):
        own = videos[np.minimum((videos["score"] * 15 + 1e-9).astype(int), 14) == i]
        gaps += abs(own["label"].sum() - own["score"].sum())
    return gaps / len(videos)


def test_bars_and_calls_count_every_video(videos: pd.DataFrame) -> None:
    bars = histogram(videos)
    assert bars.groupby("label")["videos"].sum().tolist() == videos["label"].value_counts().sort_index().tolist()
    np.testing.assert_allclose(bars.groupby("label")["share"].sum(), 1)
    found = calls(pd.DataFrame({"label": [0, 0, 1, 1], "score": [0.5, 0.6, 0.5, 0.9]}))
    assert found == {"hits": 1, "fakes": 2, "alarms": 1, "reals": 2}


def test_rates_of_zero_have_a_place_on_the_scale_of_the_normal_distribution() -> None:
    assert probit(np.array([0.0, 0.5, 0.975]), 100).tolist() == pytest.approx([norm.ppf(0.005), 0, 1.959964], abs=1e-6)
