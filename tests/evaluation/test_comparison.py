"""Every pair of several detectors, on the videos that both scored."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import brier_score_loss, roc_auc_score

from deepfake.evaluation import compare_outcomes, evaluate_scores, write_comparison

LABEL = np.repeat([0, 1], [30, 40])


def videos_of(seed: int, apart: float) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-generator.normal(apart * (LABEL - 0.5), 1)))
    names = [f"{number:02}" for number in range(len(LABEL))]
    return pd.DataFrame({"video_id": names, "label": LABEL, "track": 0, "score": score})


TABLES = {"a": videos_of(0, 0.3), "b": videos_of(1, 2.0), "c": videos_of(2, 1.8)}
OUTCOMES = {name: evaluate_scores(table, "exclude", 0) for name, table in TABLES.items()}


def delong_by_loops(first: pd.Series, second: pd.Series) -> float:
    """Return DeLong's paired p-value, from the placement of every video among those of the other class."""
    placements = []
    for score in (first.to_numpy(), second.to_numpy()):
        real, fake = score[LABEL == 0], score[LABEL == 1]
        placements.append(([np.mean(x > real) for x in fake], [np.mean(fake > y) for y in real]))
    (fakes, reals), (other_fakes, other_reals) = placements
    differences = np.subtract(fakes, other_fakes), np.subtract(reals, other_reals)
    variance = sum(np.var(each, ddof=1) / len(each) for each in differences)
    return float(2 * norm.sf(abs(differences[0].mean()) / np.sqrt(variance)))


def test_differences_and_p_values_of_every_pair() -> None:
    table = compare_outcomes(OUTCOMES).set_index(["metric", "first", "second"])
    aucs = table.loc["auc"]
    assert [*aucs.index] == [("a", "b"), ("a", "c"), ("b", "c")]
    for first, second in aucs.index:
        one, other = TABLES[first]["score"], TABLES[second]["score"]
        row = aucs.loc[(first, second)]
        assert row["difference"] == pytest.approx(roc_auc_score(LABEL, one) - roc_auc_score(LABEL, other), abs=1e-12)
        assert row["p_value"] == pytest.approx(delong_by_loops(one, other), rel=1e-9)
        assert [row["num_real"], row["num_fake"], row["resampled"]] == [30, 40, "videos"]
        brier = table.loc[("brier", first, second), "difference"]
        assert brier == pytest.approx(brier_score_loss(LABEL, one) - brier_score_loss(LABEL, other), abs=1e-12)
    least, middle, most = np.sort(aucs["p_value"])
    assert np.sort(aucs["p_holm"]) == pytest.approx([3 * least, 2 * middle, most])
    assert 3 * least < 2 * middle < most < 1


def test_detectors_that_scored_other_videos_are_compared_on_those_of_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = TABLES["b"].assign(score=TABLES["b"]["score"].where(TABLES["b"].index % 5 > 0))
    outcomes = {"a": OUTCOMES["a"], "b": evaluate_scores(fewer, "exclude", 0)}
    path = write_comparison(outcomes, tmp_path)
    both = fewer["score"].notna()
    row = pd.read_csv(path).set_index("metric").loc["auc"]
    expected = [roc_auc_score(LABEL[both], TABLES[name]["score"][both]) for name in outcomes]
    assert row["difference"] == pytest.approx(expected[0] - expected[1], abs=1e-12)
    assert [row["num_real"], row["num_fake"]] == [24, 32]
    shown = capsys.readouterr().out
    assert "24 real, 32 fake" in shown and "each pair is compared on those that both have" in " ".join(shown.split())


def test_people_are_drawn_as_a_whole_where_they_are_known() -> None:
    people = [str(number % 35) for number in range(len(LABEL))]  # each in a real and a fake
    outcomes = {
        name: evaluate_scores(table.assign(person=people), "exclude", 0, "targets") for name, table in TABLES.items()
    }
    table = compare_outcomes(outcomes)
    assert {*table["resampled"]} == {"targets"}
    assert {*table.loc[table["metric"] == "auc", "method"]} == {"bootstrap over clusters"}
