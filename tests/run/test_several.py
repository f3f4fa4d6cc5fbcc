"""Several detectors in predict.py, evaluate.py and calibrate.py, as a person calls them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from deepfake import load_predictor
from deepfake.checkpoints import read_checkpoint
from deepfake.errors import ConfigError
from deepfake.evaluation import combined_persons
from deepfake.task import CARD
from deepfake.verdict.tables import COLUMNS
from tests.checkpoints.test_several import saved
from tests.conftest import SMALL_DEMO, Run
from tests.run.test_calibrate import COMMON, with_much_val
from tests.verdict.scenes import with_two_people

BOTH = ["checkpoint=[windows.ckpt,frames.ckpt]", "extract.num_workers=1"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of frames, one of windows, one of other faces, and a clip of two people."""
    folder = tmp_path_factory.mktemp("made")
    of_two = ["faces.num_segments=2", "model.size=64"]
    saved(folder / "frames.ckpt", "model=meso4", *of_two)
    saved(folder / "windows.ckpt", "model=meso4_lstm", *of_two, "representation.clip_length=4")
    saved(folder / "other.ckpt", "model=meso4", "faces.num_segments=3", "model.size=64", bias=1.0)
    return with_two_people(folder)


def test_a_column_each_over_one_extraction_and_whatever_was_there_goes_on(
    files: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("predict", *BOTH, "input=clips", "output=both") == 0
    shown = " ".join(capfd.readouterr().out.split())
    assert "detector frames: frames.ckpt" in shown and "detector windows: windows.ckpt" in shown
    assert "there is no frames+windows.calibration.json; scripts/calibrate.py makes it" in shown
    assert "weighted mean of the detectors' logits: frames 0.500, windows 0.500" in shown
    assert "scores are not calibrated; fake is a score above 0.5" in shown
    table, faces = (pd.read_csv(files / "both" / name) for name in ("predictions.csv", "faces.csv"))
    assert list(table.columns) == [*COLUMNS, "score_frames", "score_windows"]
    for name in ("frames", "windows"):
        assert (
            script("predict", f"checkpoint=[{name}.ckpt]", "extract.num_workers=1", "input=clips", f"output={name}")
            == 0
        )
        alone = pd.read_csv(files / name / "predictions.csv")  # a list of one is as the one
        assert list(alone.columns) == COLUMNS and alone["score"].tolist() == table[f"score_{name}"].tolist()
        of_persons = pd.read_csv(files / name / "faces.csv")["score"]
        assert of_persons.tolist() == faces[f"score_{name}"].tolist()
    mean = expit(logit(faces[["score_frames", "score_windows"]].to_numpy()).mean(1))
    assert faces["score"].to_numpy() == pytest.approx(mean, rel=1e-14)
    assert table["score"].tolist() == [faces["score"].max()]
    timeline = pd.read_parquet(files / "both" / "timeline.parquet")
    assert timeline[["score_frames", "score_windows"]].notna().any().all() and timeline["score"].isna().all()
    document = json.loads((files / "both" / "predictions.json").read_text())
    assert document["identity"]["weights"] == {"frames": 0.5, "windows": 0.5}
    capfd.readouterr()

    before = {path.name: path.read_bytes() for path in (files / "both").iterdir() if path.is_file()}
    other_order = ["checkpoint=[frames.ckpt,windows.ckpt]", "extract.num_workers=1", "input=clips", "output=both"]
    assert script("predict", *other_order) == 0
    assert "1 of 1 files have their results" in capfd.readouterr().out
    assert {path.name: path.read_bytes() for path in (files / "both").iterdir() if path.is_file()} == before
    whole = load_predictor(["windows.ckpt", "frames.ckpt"], device="cpu").predict("clips/two.mp4")
    assert whole.score == table["score"].tolist()[0]
    assert [each.score for each in whole.detectors] == table[["score_frames", "score_windows"]].to_numpy()[0].tolist()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["checkpoint=[frames.ckpt,./frames.ckpt]"], "checkpoint= has frames.ckpt twice: give each detector once"),
        (["checkpoint=[frames.ckpt,copy.ckpt]"], "frames.ckpt and copy.ckpt, which have the same weights: give each"),
        (
            ["checkpoint=[frames.ckpt,other.ckpt]"],
            "frames and other have other recipes of faces (faces.num_segments is 2",
        ),
        (["checkpoint=[]"], "checkpoint"),
        ([*BOTH, "explain=true"], "explain=true shows where the score of one detector comes from"),
        ([*BOTH, "aggregate=mean_all"], "aggregate is mean_all for the detector frames"),
        ([*BOTH, "calibration=none.json"], "calibration none.json does not exist"),
    ],
)
def test_what_cannot_stand_together_is_one_line(
    given: list[str], words: str, files: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(files / "frames.ckpt", files / "copy.ckpt")
    assert script("predict", *given, "input=clips", "output=out") == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert words in line and not (files / "out" / "predictions.jsonl").exists()


def test_faces_that_are_given_hold_for_both_and_another_set_is_refused(
    files: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["extract.num_workers=1", "input=clips", "output=out", "faces.num_segments=2"]
    assert script("predict", "checkpoint=[frames.ckpt,other.ckpt]", *given) == 0
    captured = capfd.readouterr()
    assert "faces.num_segments is 2, but 3 in the checkpoint" in captured.out + captured.err
    timeline = pd.read_parquet(files / "out" / "timeline.parquet")
    both = logit(timeline[["score_frames", "score_other"]].to_numpy()).mean(1)
    assert timeline["score"].to_numpy() == pytest.approx(expit(both), rel=1e-13)  # of the same clips
    assert script("predict", *BOTH, *given[1:]) == 1
    assert "(checkpoint is frames, windows, there frames, other): give another output=" in capfd.readouterr().err
    with pytest.raises(ConfigError, match="checkpoint is an empty list"):
        load_predictor([])


@pytest.mark.parametrize("kind", ["safetensors", pytest.param("onnx", marks=pytest.mark.slow)])
def test_exported_files_stand_beside_checkpoints(kind: str, files: Path, script: Run) -> None:
    assert script("export", "checkpoint=frames.ckpt", f"format={kind}", "output=exported") == 0
    (files / "exported" / f"model.{kind}").rename(files / f"frames.{kind}")
    assert script("predict", *BOTH, "input=clips", "output=both") == 0
    mixed = [f"checkpoint=[frames.{kind},windows.ckpt]", BOTH[1], "input=clips"]
    assert script("predict", *mixed, "output=mixed") == 0
    there, here = (pd.read_csv(files / name / "faces.csv") for name in ("both", "mixed"))
    columns = ["score", "score_frames", "score_windows"]
    assert list(here.columns) == list(there.columns)
    within = 0 if kind == "safetensors" else 1e-4
    assert here[columns].to_numpy() == pytest.approx(there[columns].to_numpy(), abs=within, rel=0)
    same = script("predict", f"checkpoint=[frames.{kind},frames.ckpt]", BOTH[1], "input=clips", "output=twice")
    assert same == 1


def test_what_they_tell_together_is_measured_and_is_what_a_verdict_says(
    files: Path, demo_root: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    given = [*COMMON, *SMALL_DEMO, "data.tracks=all", "combine=true"]
    assert script("evaluate", *given, BOTH[0], "hydra.run.dir=out") == 0
    shown = " ".join(capfd.readouterr().out.split())
    assert "weighted mean of the detectors' logits: frames 0.500, windows 0.500" in shown
    videos = pd.read_csv(files / "out" / "combined" / "videos.csv").dropna(subset=["score"]).set_index("video_id")
    (files / "list.txt").write_text("\n".join(str(demo_root / f"{name}.mp4") for name in videos.index))
    assert script("predict", *BOTH, "input=list.txt", "output=judged") == 0
    judged = pd.read_csv(files / "judged" / "predictions.csv")
    assert videos["score"].to_numpy() == pytest.approx(judged["score"].to_numpy(), rel=1e-13)
    assert "extra/two_people" in videos.index and judged["person"].nunique() == 2
    numbers = pd.read_csv(files / "out" / "combined" / "numbers.csv").query("by == 'all'").set_index("metric")
    assert numbers.loc["auc", "value"] == pytest.approx(roc_auc_score(videos["label"], videos["score"]), abs=1e-12)
    assert {*numbers["level"]} == {"video"} and (files / "out" / "combined" / "roc.png").exists()
    facts = json.loads((files / "out" / "combined" / "combined.json").read_text())
    assert [(name, each["weight"]) for name, each in facts["detectors"].items()] == [("frames", 0.5), ("windows", 0.5)]
    assert facts["calibration"] is None and facts["coverage"]["scored"] == len(videos)
    pairs = pd.read_csv(files / "out" / "comparison.csv")[["first", "second"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["0: meso4_lstm", "1: meso4"], ["0: meso4_lstm", "combined"], ["1: meso4", "combined"]]


@pytest.mark.parametrize(
    ("persons", "words"),
    [
        (0, "has a person of whom frames, windows all have a score"),
        (1, "1 of 13 videos of the test split of demo, by all detectors together, have a score"),
    ],
)
def test_what_cannot_be_measured_together_costs_nothing_of_what_each_says(
    persons: int,
    words: str,
    files: Path,
    script: Run,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "deepfake.run.evaluate_combined.combined_persons", lambda *given: combined_persons(*given).iloc[:persons]
    )
    given = [*COMMON, *SMALL_DEMO, "combine=true", BOTH[0], "min_coverage=0.5", "hydra.run.dir=out"]
    assert script("evaluate", *given) == 1
    assert words in capfd.readouterr().err
    assert (files / "out" / "comparison.csv").exists() and not (files / "out" / "combined").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["checkpoint=frames.ckpt"], "combine=true is of several detectors"),
        (["checkpoint=[frames.ckpt]"], "combine=true is of several detectors"),
        (["checkpoint=[frames.ckpt,copy.ckpt]"], "which have the same weights"),
        (["checkpoint=[frames.ckpt,other.ckpt]"], "frames and other have other recipes of faces"),
        ([BOTH[0], "aggregate=mean_all"], "aggregate is mean_all for the detector frames"),
        ([BOTH[0], "aggregate=best"], "aggregate=best chooses a rule for each detector"),
        ([BOTH[0], "calibration=none.json"], "calibration none.json does not exist"),
        (["predictions=a.csv"], "beside predictions=, no effect has combine"),
    ],
)
def test_what_cannot_be_combined_is_told_before_anything_is_tested(
    given: list[str], words: str, files: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(files / "frames.ckpt", files / "copy.ckpt")
    assert script("evaluate", *given, "combine=true", "hydra.run.dir=out") == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert words in line and not (files / "out" / "0").exists()


@pytest.mark.slow
def test_weights_that_are_learnt_on_val_are_taken_by_predict(
    model: Path,
    demo_root: Path,
    script: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("deepfake.run.prepared_test.list_corpus", with_much_val)
    shutil.copy(model, tmp_path / "frames.ckpt")
    of_run = read_checkpoint(model).card
    size = f"model.size={of_run['spec']['size']}"
    saved(tmp_path / "windows.ckpt", "model=meso4_lstm", "faces.num_segments=2", size, "representation.clip_length=4")
    whole = torch.load(tmp_path / "windows.ckpt", weights_only=True)
    torch.save({**whole, CARD: {**whole[CARD], "data": of_run["data"]}}, tmp_path / "windows.ckpt")

    assert script("calibrate", *COMMON, *SMALL_DEMO, BOTH[0], "hydra.run.dir=learnt") == 0
    shown = " ".join(capfd.readouterr().out.split())
    assert "weights of the detectors" in shown and "all, with learnt weights" in shown
    file = json.loads((tmp_path / "frames+windows.calibration.json").read_text())
    digests = [read_checkpoint(tmp_path / f"{name}.ckpt").digest for name in ("frames", "windows")]
    assert file["checkpoint"] is None and {*file["learnt"][0]["weights"]} == {*digests}

    # Scipy's general minimiser of Platt's loss on the scores that were written.
    videos = pd.read_csv(tmp_path / "learnt" / "videos.csv").dropna(subset=["score"])
    label, rows = videos["label"].to_numpy(), logit(videos[["score_frames", "score_windows"]].to_numpy())
    reals, fakes = np.bincount(label)
    target = np.where(label == 1, (fakes + 1) / (fakes + 2), 1 / (reals + 2))
    counts = 0.5 / np.where(label == 1, fakes, reals)
    middle, spread = rows.mean(0), rows.std(0)

    def loss(parameters: np.ndarray) -> float:
        value = (rows - middle) / spread @ np.abs(parameters[:2]) + parameters[2]
        return float(counts @ (np.logaddexp(0, value) - target * value))

    slopes = (
        np.abs(
            minimize(
                loss, [1.0, 1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 10_000}
            ).x[:2]
        )
        / spread
    )
    learnt = [file["learnt"][0]["weights"][digest] for digest in digests]
    assert learnt == pytest.approx(slopes / slopes.sum(), abs=1e-4)
    combined = expit(rows @ learnt)
    assert videos["score"].to_numpy() == pytest.approx(combined, rel=1e-10)
    assert (file["learnt"][0]["calibration"]["num_real"], file["learnt"][0]["calibration"]["num_fake"]) == (
        reals,
        fakes,
    )

    path = "calibration=frames+windows.calibration.json"
    assert script("evaluate", *COMMON, *SMALL_DEMO, BOTH[0], "combine=true", path, "hydra.run.dir=tested") == 0
    table = pd.read_csv(tmp_path / "tested" / "combined" / "predictions.csv")
    own = logit(table[["score_frames", "score_windows"]].to_numpy())
    assert table["score"].to_numpy() == pytest.approx(expit(own @ learnt), rel=1e-12)
    tested = pd.read_csv(tmp_path / "tested" / "combined" / "videos.csv")
    calibrator = file["learnt"][0]["calibration"]["calibrator"]
    expected = expit(calibrator["slope"] * logit(tested["score"]) + calibrator["intercept"])
    assert tested["calibrated"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-12, nan_ok=True)
    capfd.readouterr()

    arguments = [BOTH[1], f"input={demo_root / 'real' / 'p04_a.mp4'}"]
    assert script("predict", BOTH[0], *arguments, "output=judged") == 0
    shown = " ".join(capfd.readouterr().out.split())
    assert f"learnt on {reals} real and {fakes} fake videos of val of demo" in shown
    assert f"logits: frames {learnt[0]:.3f}, windows {learnt[1]:.3f}" in shown
    document = json.loads((tmp_path / "judged" / "predictions.json").read_text())
    (judged,) = document["files"]
    assert list(document["identity"]["weights"].values()) == learnt
    own = np.array([each["score"] for each in judged["detectors"]])
    assert judged["score"] == pytest.approx(expit(logit(own) @ learnt), rel=1e-10)
    expected = expit(calibrator["slope"] * logit(judged["score"]) + calibrator["intercept"])
    assert judged["calibrated"] == pytest.approx(expected, rel=1e-12)
    page = (tmp_path / "judged" / "report.html").read_text()
    assert f"(weight {learnt[0]:.3f})" in page and "Its scores are calibrated on" in page

    for given, words in (
        (["checkpoint=frames.ckpt", path], "is of 2 detectors together, and here is one"),
        ([BOTH[0], path, "aggregate=max"], "was learnt by another rule"),
        ([BOTH[0], path, "faces.num_segments=3"], "was learnt on other faces"),
        ([BOTH[0], "calibration=none"], "with other options (calibration is None"),
    ):
        assert script("predict", *given, *arguments, "output=judged") == 1, given
        assert words in capfd.readouterr().err.strip().splitlines()[-1]
    assert script("calibrate", *COMMON, *SMALL_DEMO, BOTH[0], "split=test") == 1
    assert "split=test: calibration and thresholds are learnt on val" in capfd.readouterr().err
