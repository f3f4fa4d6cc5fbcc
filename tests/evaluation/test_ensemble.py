"""Weights and calibration of several detectors, learnt from clips, against loops of Python with scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from deepfake.calibration.cross_fit import folds
from deepfake.errors import CalibrationError
from deepfake.evaluation import learn_ensemble, show_ensemble
from deepfake.evaluation.ensemble import EQUAL, LEARNT
from tests.calibration.drawn import drawn_videos

NUM_REALS, NUM_FAKES = 40, 50


def clips_of(seed: int, label: np.ndarray, person: np.ndarray, *, tracks: int = 1) -> pd.DataFrame:
    """Three clips of each track of each video, of a detector that is wrong in its own way."""
    noise = np.random.default_rng(seed)
    rows = []
    for video, (of, who) in enumerate(zip(label, person, strict=True)):
        for track in range(tracks):
            middle = 1.2 * (2 * of - 1) + noise.normal(0, 1.5) - 0.5 * track
            for score in expit(middle + noise.normal(0, 0.3, 3)):
                rows.append({"video_id": f"{video:03}", "label": of, "method": "x" if of else "", "track": track,
                             "score": score, "person": f"p{who}"})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def drawn() -> tuple[dict[str, pd.DataFrame], np.ndarray, np.ndarray]:
    _, label, person = drawn_videos(NUM_REALS, NUM_FAKES)
    return {name: clips_of(seed, label, person) for name, seed in (("a", 1), ("b/c", 2))}, label, person


def regression(rows: np.ndarray, label: np.ndarray) -> LogisticRegression:
    """Platt's regression of labels on all logits, with both classes weighed alike."""
    reals, fakes = np.bincount(label)
    target = np.where(label == 1, (fakes + 1) / (fakes + 2), 1 / (reals + 2))
    weight = np.where(label == 1, 0.5 / fakes, 0.5 / reals) * len(label)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    both = np.concatenate([weight * target, weight * (1 - target)])
    return model.fit(np.tile(rows, (2, 1)), np.repeat([1, 0], len(label)), both)


def test_weights_scores_and_cross_fitted_numbers_are_those_of_a_plain_loop(
    drawn: tuple[dict[str, pd.DataFrame], np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    clips, label, person = drawn
    found = learn_ensemble(clips, {"a": "mean", "b/c": "max"}, "platt", 0.5, "val of x")
    alone = {
        "a": clips["a"].groupby("video_id")["score"].mean(),
        "b/c": clips["b/c"].groupby("video_id")["score"].max(),
    }
    rows = logit(np.column_stack([alone["a"], alone["b/c"]]))
    model = regression(rows, label)
    slopes = model.coef_[0]
    assert (slopes > 0).all()
    assert list(found.weights.values()) == pytest.approx(slopes / slopes.sum(), abs=1e-5)
    videos = found.videos.set_index("video_id")
    assert videos["score_b/c"].to_numpy() == pytest.approx(alone["b/c"].to_numpy(), rel=1e-14)
    assert videos["score"].to_numpy() == pytest.approx(expit(rows @ list(found.weights.values())), rel=1e-12)
    calibrator = found.calibration.calibrator
    assert (calibrator.slope, calibrator.intercept) == pytest.approx((slopes.sum(), model.intercept_[0]), abs=1e-4)

    expected = np.full(len(label), np.nan)
    for rest, held_out in folds(label, pd.factorize(person)[0]):
        expected[held_out] = regression(rows[rest], label[rest]).predict_proba(rows[held_out])[:, 1]
    assert videos["calibrated"].to_numpy() == pytest.approx(expected, abs=1e-4)
    weight = np.where(label == 1, 0.5 / NUM_FAKES, 0.5 / NUM_REALS)
    loss = -float(weight @ np.where(label == 1, np.log(expected), np.log(1 - expected)))
    assert found.compared[LEARNT]["log_loss"] == pytest.approx(loss, abs=1e-4)
    assert found.calibration.after.log_loss == found.compared[LEARNT]["log_loss"]
    for name, score in (("a", alone["a"]), ("b/c", alone["b/c"]), (EQUAL, rows.mean(1))):
        assert found.compared[name]["auc"] == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert found.compared[LEARNT]["log_loss"] < min(found.compared[name]["log_loss"] for name in ("a", "b/c"))

    show_ensemble(found)
    shown = capsys.readouterr().out
    assert "weights of the detectors" in shown and "b/c" in shown and "all, with learnt weights" in shown
    equal = learn_ensemble(clips, {"a": "mean", "b/c": "max"}, "platt", 0.5, "val of x", weigh="equal")
    assert equal.weights == {"a": 0.5, "b/c": 0.5} and equal.compared == found.compared
    assert equal.videos["score"].to_numpy() == pytest.approx(expit(rows.mean(1)), rel=1e-12)
    assert equal.calibration.after.log_loss == found.compared[EQUAL]["log_loss"]
    backwards = learn_ensemble(dict(reversed(clips.items())), {"a": "mean", "b/c": "max"}, "platt", 0.5, "val of x")
    assert backwards.weights == pytest.approx(found.weights, abs=1e-6)


def test_a_person_counts_of_whom_all_have_a_score(
    drawn: tuple[dict[str, pd.DataFrame], np.ndarray, np.ndarray],
) -> None:
    _, label, person = drawn
    a, b = (clips_of(seed, label, person, tracks=2) for seed in (1, 2))
    b = b[~((b["video_id"] == "003") & (b["track"] == 1))]  # its first person alone
    lacking = b["video_id"] == "004"
    b = pd.concat([b[~lacking], b[lacking].head(1).assign(score=np.nan)])  # nobody
    found = learn_ensemble({"a": a, "b": b}, {"a": "mean", "b": "mean"}, "platt", 0.5, "val of x")
    videos = found.videos.set_index("video_id")
    assert videos.loc["004", ["score", "calibrated", "score_b"]].isna().all() and videos.at["004", "score_a"] > 0
    assert found.calibration.num_real + found.calibration.num_fake == len(label) - 1
    scores = {name: clips.groupby(["video_id", "track"])["score"].mean() for name, clips in (("a", a), ("b", b))}
    weights = np.array(list(found.weights.values()))
    for video, tracks in (("003", [0]), ("005", [0, 1])):
        persons = [weights @ logit([scores[name][video, track] for name in ("a", "b")]) for track in tracks]
        assert videos.at[video, "score"] == pytest.approx(expit(max(persons)), rel=1e-12)


def test_too_few_videos_are_refused(drawn: tuple[dict[str, pd.DataFrame], np.ndarray, np.ndarray]) -> None:
    few = {name: clips[clips["video_id"] < "006"] for name, clips in drawn[0].items()}
    with pytest.raises(CalibrationError, match="method=platt needs 5 scored videos of each class, and val of x has"):
        learn_ensemble(few, {"a": "mean", "b/c": "mean"}, "platt", 0.5, "val of x")
