"""`calibrate.py`, and what evaluate.py and predict.py make of its file, as a person calls them."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss, roc_auc_score

from deepfake.checkpoints import read_checkpoint
from deepfake.corpora import Corpus, Listing
from deepfake.corpora.listing import list_corpus
from deepfake.schema import Split
from tests.calibration.drawn import drawn_videos
from tests.conftest import SMALL_DEMO, Run

COMMON = ["loader.num_workers=0", "loader.batch_size=8", "extract.num_workers=1"]


def with_much_val(corpus: Corpus, data: Mapping[str, Any]) -> Listing:
    """The tiny demo, whose val has too few videos to learn from, with those of train in val as well."""
    listing = list_corpus(corpus, data)
    videos = (replace(v, split=Split.VAL) if v.split is Split.TRAIN else v for v in listing.videos)
    return replace(listing, videos=tuple(videos))


@pytest.fixture
def checkpoint(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the checkpoint, since calibration writes into it."""
    monkeypatch.setattr("deepfake.run.prepared_test.list_corpus", with_much_val)
    return Path(shutil.copy(model, tmp_path / "best.ckpt"))


def test_what_is_learnt_on_val_is_taken_by_evaluate_and_predict_alike(
    checkpoint: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("evaluate", *COMMON, *SMALL_DEMO, "checkpoint=best.ckpt", "hydra.run.dir=plain") == 0
    assert "scores are not calibrated: there is no best.calibration.json" in capfd.readouterr().out
    given = ["checkpoint=best.ckpt", "data.tracks=checkpoint"]
    assert script("calibrate", *COMMON, *SMALL_DEMO, *given, "hydra.run.dir=learnt") == 0
    shown = capfd.readouterr().out
    assert "calibration by platt, tracks=main" in shown and "tracks=all, all faces of a video, gives the same" in shown
    file = json.loads((tmp_path / "best.calibration.json").read_text())
    assert file == read_checkpoint(checkpoint).card["calibration"]
    assert [each["rule"]["tracks"] for each in file["learnt"]] == ["main", "all"]
    learnt = file["learnt"][0]["calibration"]

    # The parameters are those of scikit-learn's regression on the clips that were written, with Platt's targets.
    clips = pd.read_csv(tmp_path / "learnt" / "predictions.csv")
    videos = clips.groupby("video_id").agg(label=("label", "first"), score=("score", "mean"))
    fakes, reals = int(videos["label"].sum()), int((videos["label"] == 0).sum())
    assert (learnt["num_real"], learnt["num_fake"]) == (reals, fakes)
    assert_is_the_regression(learnt["calibrator"], videos["score"].to_numpy(), videos["label"].to_numpy())

    assert script("evaluate", *COMMON, *SMALL_DEMO, "checkpoint=best.ckpt", "hydra.run.dir=out") == 0
    assert f"calibrated by platt, learnt on {reals} real and {fakes} fake videos of val of demo" in " ".join(
        capfd.readouterr().out.split()
    )
    plain, ours = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("plain", "out"))
    assert plain["metrics"].items() <= ours["metrics"].items()  # uncalibrated numbers stay as they are
    table = pd.read_csv(tmp_path / "out" / "videos.csv").dropna(subset=["score"])
    called = table["score"] > learnt["thresholds"][0]["value"]
    numbers = {name.rpartition("/")[2]: value for name, value in ours["metrics"].items() if "/video/" in name}
    assert numbers["balanced_accuracy_at_val"] == pytest.approx(balanced_accuracy_score(table["label"], called))
    counts = table["label"].map(table["label"].value_counts())
    for suffix, column in (("before", "score"), ("after", "calibrated")):
        weighed = {"sample_weight": 1 / counts}
        assert numbers[f"log_loss_{suffix}"] == pytest.approx(log_loss(table["label"], table[column], **weighed))
        assert numbers[f"brier_{suffix}"] == pytest.approx(brier_score_loss(table["label"], table[column], **weighed))
    assert (tmp_path / "out" / "reliability.png").read_bytes() != (tmp_path / "learnt" / "reliability.png").read_bytes()
    assert "before calibration, with 95 %" in (tmp_path / "out" / "report.html").read_text()

    arguments = ["checkpoint=best.ckpt", f"input={demo_root / 'real' / 'p04_a.mp4'}", "extract.num_workers=1"]
    assert script("predict", *arguments, "output=judged") == 0
    (judged,) = json.loads((tmp_path / "judged" / "predictions.json").read_text())["files"]
    (tested,) = table.loc[table["video_id"] == "real/p04_a", ["score", "calibrated"]].to_numpy().tolist()
    assert [judged["score"], judged["calibrated"]] == tested
    band = next(band for band in learnt["bands"] if band["name"] == judged["verdict"])
    assert [judged[name] for name in ("error_rate", "error_low", "error_high")] == [
        band[name] for name in ("error_rate", "error_low", "error_high")
    ]
    page = (tmp_path / "judged" / "report.html").read_text()
    source = f"{reals} real and {fakes} fake videos of val of demo"
    assert f"Its scores are calibrated on {source}, for files of which 50 % are fake" in page
    assert "On the test split of demo" not in page  # the copy lies in no run
    assert "scores are not calibrated" not in capfd.readouterr().out
    assert script("predict", *arguments, "output=judged", "calibration=none") == 1
    assert "predictions of another detector or with other options (calibration is None" in capfd.readouterr().err
    assert script("predict", *arguments, "output=raw", "calibration=none") == 0
    assert "scores are not calibrated; fake is a score above 0.5" in " ".join(capfd.readouterr().out.split())

    both = f"checkpoint=[best.ckpt,'{shutil.copy(checkpoint, tmp_path / 'copy.ckpt')}']"
    file["checkpoint"] = "b" * 64
    (tmp_path / "other.json").write_text(json.dumps(file))
    for command, wrong, message in (
        (
            "evaluate",
            ["checkpoint=best.ckpt", "calibration=other.json"],
            "other.json is of another detector (weights",
        ),
        ("evaluate", ["checkpoint=best.ckpt", "calibration=none.json"], "calibration none.json does not exist"),
        ("evaluate", [both, "calibration=other.json"], "calibration=other.json is one file: beside several"),
        ("evaluate", ["checkpoint=best.ckpt", "split=val", "calibration=best.calibration.json"], "on val of demo, so"),
    ):
        assert script(command, *COMMON, *SMALL_DEMO, *wrong, "hydra.run.dir=wrong") == 1
        assert_one_line(capfd.readouterr().err, message)
        shutil.rmtree(tmp_path / "wrong")
    assert script("predict", *arguments, "output=judged", "calibration=other.json") == 1
    assert_one_line(capfd.readouterr().err, "other.json is of another detector")


def assert_is_the_regression(found: dict[str, Any], score: np.ndarray, label: np.ndarray) -> None:
    """Stop unless a calibrator is Platt's, by rows that are repeated as often as they weigh."""
    fakes, reals = int((label == 1).sum()), int((label == 0).sum())
    target = np.where(label == 1, (fakes + 1) / (fakes + 2), 1 / (reals + 2))
    weight = np.where(label == 1, 1 / fakes, 1 / reals)
    rows, labels = np.tile(logit(score), 2)[:, None], np.repeat([1, 0], len(score))
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000)
    scale = rows.std()
    model.fit((rows - rows.mean()) / scale, labels, np.concatenate([weight * target, weight * (1 - target)]) * 1e3)
    expected = model.predict_proba((logit(score)[:, None] - rows.mean()) / scale)[:, 1]
    if model.coef_[0, 0] <= 0:  # a calibrator never falls
        assert found["slope"] == 0
        return
    ours = expit(found["slope"] * logit(score) + found["intercept"])
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def assert_one_line(error: str, message: str) -> None:
    (line,) = [line for line in error.splitlines() if line.startswith("error:")]
    assert message in line and "Traceback" not in error


@pytest.fixture
def tables(tmp_path: Path) -> pd.DataFrame:
    """Write scores of val and of test, and return those of test."""
    for name, seed in (("val", 0), ("test", 1)):
        score, label, person = drawn_videos(60, 60, seed)
        found = pd.DataFrame({"name": np.arange(120), "label": label, "score": score, "person": person})
        found.to_csv(tmp_path / f"{name}.csv", index=False)
    return found


def test_a_table_of_val_calibrates_a_table_of_test(
    tables: pd.DataFrame, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["predictions=val.csv", "columns.video_id=name", "output=a/calibration.json", "method=isotonic"]
    assert script("calibrate", *given, "hydra.run.dir=learnt") == 0
    assert "calibration by isotonic, val.csv, aggregate=mean" in capfd.readouterr().out
    assert (tmp_path / "learnt" / "reliability.png").exists()
    on_test = ["predictions=test.csv", "columns.video_id=name", "calibration=a/calibration.json"]
    assert script("evaluate", *on_test, "hydra.run.dir=out") == 0
    numbers = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert numbers["calibration"]["method"] == "isotonic" and numbers["calibration"]["num_groups"] == 40
    learnt = json.loads((tmp_path / "a" / "calibration.json").read_text())["learnt"][0]["calibration"]
    calibrated = np.interp(tables["score"], *np.transpose(learnt["calibrator"]["knots"]))
    found = {name: numbers["metrics"][f"test/video/{name}"] for name in ("auc", "log_loss_before", "log_loss_after")}
    assert found["auc"] == pytest.approx(roc_auc_score(tables["label"], tables["score"]))
    assert found["log_loss_after"] == pytest.approx(log_loss(tables["label"], calibrated))
    assert found["log_loss_after"] < found["log_loss_before"]
    tables[tables["label"] == 1].to_csv(tmp_path / "fakes.csv", index=False)
    capfd.readouterr()
    assert script("evaluate", "predictions=fakes.csv", *on_test[1:], "hydra.run.dir=fakes") == 0
    assert "report.html could not be made" not in capfd.readouterr().out
    assert "Reliability of the scores" in (tmp_path / "fakes" / "report.html").read_text()
    tables.assign(score=tables["score"].where(tables.index >= 30)).to_csv(tmp_path / "part.csv", index=False)
    assert script("evaluate", "predictions=part.csv", *on_test[1:], "missing=0.5", "hydra.run.dir=part") == 0
    assert "After calibration 30 videos without a score are left out" in (tmp_path / "part" / "report.html").read_text()
    assert script("evaluate", "predictions=val.csv", *on_test[1:], "hydra.run.dir=same") == 1
    assert_one_line(capfd.readouterr().err, "was learnt on this very table, so it cannot be tested there")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "give either checkpoint=, to calibrate a detector, or predictions="),
        (["checkpoint=a.ckpt", "split=test"], "split=test: calibration and thresholds are learnt on val, since what"),
        (
            ["predictions=val.csv", "output=a.json", "split=test"],
            "split=test: calibration and thresholds are learnt",
        ),
        (
            ["checkpoint=a.ckpt", "split=train"],
            "split=train: calibration and thresholds are learnt on val, since a",
        ),
        (["checkpoint=a.ckpt", "scores=logit"], "beside checkpoint=, no effect has scores"),
        (["checkpoint=a.ckpt"], "checkpoint a.ckpt does not exist"),
        (["predictions=val.csv", "columns.video_id=name"], "no file is named for what is learnt: add output="),
        (["predictions=val.csv", "output=a.json", "data=demo_b"], "beside predictions=, no effect has data"),
        (
            ["predictions=fakes.csv", "output=a.json", "columns.video_id=name"],
            "method=platt needs 5 scored videos of each class, and fakes.csv has 0 real and 60 fake: add videos to val",
        ),
        (["predictions=val.csv", "output=.", "columns.video_id=name"], "output=. is a folder: name a file in it"),
        (["checkpoint=a.ckpt", "output=."], "output=. is a folder: name a file in it"),
        (["checkpoint=a.ckpt", "method=vector"], "method is 'vector': choose one of temperature, platt, isotonic"),
        (["checkpoint=a.ckpt", "prior=1"], "prior is 1"),
        (["checkpoint=a.ckpt", "aggregate=best"], "aggregate is 'best'"),
    ],
)
def test_a_mistake_is_one_clear_line(
    tables: pd.DataFrame,
    script: Run,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    given: list[str],
    message: str,
) -> None:
    tables[tables["label"] == 1].to_csv(tmp_path / "fakes.csv", index=False)
    assert script("calibrate", *given) == 1
    assert_one_line(capfd.readouterr().err, message)
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        (True, "the splits leak: val and test share"),
        (False, "method=isotonic needs 50 scored videos of each class, and val of demo has"),
    ],
)
def test_a_val_that_does_not_serve_is_one_line(
    leak: bool,
    message: str,
    checkpoint: Path,
    script: Run,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leaking(corpus: Corpus, data: Mapping[str, Any]) -> Listing:
        listing = with_much_val(corpus, data)
        first = next(index for index, video in enumerate(listing.videos) if video.split is Split.VAL)
        videos = [*listing.videos]
        videos[first] = replace(videos[first], split=Split.TEST)
        return replace(listing, videos=tuple(videos))

    if leak:
        monkeypatch.setattr("deepfake.run.prepared_test.list_corpus", leaking)
    method = "platt" if leak else "isotonic"
    assert script("calibrate", *COMMON, *SMALL_DEMO, "checkpoint=best.ckpt", f"method={method}") == 1
    assert_one_line(capfd.readouterr().err, message)
    assert not checkpoint.with_name("best.calibration.json").exists()
