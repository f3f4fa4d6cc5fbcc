"""The main job, as a user runs it, on a tiny demo corpus: real clips, MTCNN, a real MesoNet4."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics as sk

from deepfake import load_detector
from deepfake.scoring import score_levels
from tests.conftest import SHORT, SMALL_DEMO, TINY, Run

FIXED = "hydra.run.dir=run"


def test_a_run_leaves_a_complete_folder(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", *TINY, FIXED) == 0
    trained = tmp_path / "run"
    files = {path.relative_to(trained).as_posix() for path in trained.rglob("*") if path.is_file()}
    expected = {
        ".hydra/config.yaml",
        ".hydra/overrides.yaml",
        "checkpoints/epoch_001.ckpt",
        "checkpoints/epoch_002.ckpt",
        "checkpoints/last.ckpt",
        "checkpoints/best.ckpt",
        "csv/metrics.csv",
        "metrics.json",
        "predictions.csv",
        "roc.png",
        "scores.png",
        "train.log",
    }
    assert expected <= files
    log = (trained / "train.log").read_text()
    assert "epoch 1 of 2: train loss" in log and "epoch 2 of 2" in log and "val AUC" in log
    shown = capfd.readouterr().out
    assert "metrics.json" in shown and "best.ckpt" in shown and "auc" in shown


def test_a_checkpoint_knows_how_blurred_its_training_clips_were(
    script: Run, tmp_path: Path, demo_root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("deepfake.training.quality.FEWEST", 2)  # the tiny corpus has fewer than 20 videos
    # What is augmented may be sharper than its file, and ten clips do not even that out.
    assert script("train", *TINY, "augment=none", "trainer.max_epochs=1", FIXED) == 0
    scored = json.loads((tmp_path / "run" / "metrics.json").read_text())["data"]["coverage"]["train"]["scored"]
    checkpoint = torch.load(tmp_path / "run" / "checkpoints" / "best.ckpt", weights_only=True)
    (quality,) = [part["quality"] for part in checkpoint.values() if isinstance(part, dict) and "quality" in part]
    assert quality["clips"] == scored and 0 < quality["sharpness"] < 1 and 0.125 < quality["block_grid"] < 0.25
    assert f"the blur and compression of {scored} training clips" in capfd.readouterr().out
    # Of the people it was trained on: two of them do not tell what others are like.
    seen = [f"{demo_root}/real/{person}_{take}.mp4" for person in ("p00", "p01") for take in "ab"]
    whole = ["checkpoint=run/checkpoints/best.ckpt", f"input=[{','.join(seen)}]", "output=verdicts"]
    assert script("predict", *whole) == 0
    found = json.loads((tmp_path / "verdicts" / "predictions.json").read_text())
    assert found["identity"]["seen"] == quality
    assert {file["because"] for file in found["files"]} == {None}


def test_the_numbers_are_those_of_the_predictions(trained: Path) -> None:
    content = json.loads((trained / "metrics.json").read_text())
    clips = pd.read_csv(trained / "predictions.csv")
    assert list(clips.columns) == ["video_id", "label", "method", "track", "start", "score"]
    video = pd.factorize(clips["video_id"])[0]
    again = score_levels(video, *(clips[name].to_numpy() for name in ("track", "label", "score")))
    for name, value in again.items():
        assert content["metrics"][f"test/{name}"] == value, name
    by_video = clips.groupby("video_id").agg(label=("label", "first"), score=("score", "mean"))
    assert content["metrics"]["test/video/auc"] == pytest.approx(
        sk.roc_auc_score(by_video["label"], by_video["score"]), rel=1e-14
    )
    assert content["data"]["coverage"]["test"]["no_face"] == 1
    assert content["data"]["coverage"]["test"]["unreadable"] == 1
    assert content["metrics"]["test/video/coverage"] == pytest.approx(len(by_video) / (len(by_video) + 2))
    assert {"protocol", "fingerprint"} <= content["data"].keys()


def test_a_checkpoint_alone_rebuilds_the_detector(trained: Path) -> None:
    path = trained / "checkpoints" / "best.ckpt"
    content = torch.load(path, weights_only=True)["deepfake"]
    assert content["labels"] == {"real": 0, "fake": 1}
    assert content["spec"]["size"] == 256
    assert content["config"]["seed"] == 0
    detector = load_detector(path)
    assert not detector.training
    assert (detector.spec.size, detector.spec.clip_length, detector.spec.margin) == (256, 1, 1.3)
    logits = detector(torch.rand(2, 1, 3, 256, 256))
    assert logits.shape == (2,)


def test_the_same_seed_gives_the_same_run_and_another_another(trained: Path, script: Run, tmp_path: Path) -> None:
    assert script("train", *TINY, "hydra.run.dir=again") == 0
    assert script("train", *TINY, "hydra.run.dir=other", "seed=1") == 0
    first, again, other = (pd.read_csv(tmp_path / name / "predictions.csv") for name in ("run", "again", "other"))
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first["score"], other["score"])


def test_an_epochs_checkpoint_knows_that_epochs_score(trained: Path) -> None:
    content = torch.load(trained / "checkpoints" / "epoch_001.ckpt", weights_only=True)
    (rank,) = (state["best_rank"] for state in content["callbacks"].values() if "best_rank" in state)
    curve = pd.read_csv(trained / "csv" / "metrics.csv")
    expected = curve[["val/video/auc", "val/video/log_loss"]].dropna().iloc[0]
    assert rank == pytest.approx([expected.iloc[0], -expected.iloc[1]], rel=1e-6)


def test_the_curves_hold_each_epoch_once(trained: Path) -> None:
    curve = pd.read_csv(trained / "csv" / "metrics.csv")["val/video/auc"].dropna()
    assert len(curve) == 2


def test_windows_and_the_lstm_run_from_end_to_end(script: Run, tmp_path: Path) -> None:
    assert script("train", *TINY, "trainer.max_epochs=1", "model=meso4_lstm", "model.size=64", FIXED) == 0
    detector = load_detector(tmp_path / "run" / "checkpoints" / "best.ckpt")
    clips = torch.rand(2, 8, 3, 64, 64)
    assert detector.spec.clip_length == 8
    assert torch.equal(detector(clips), detector(clips))
    starts = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert starts.groupby("video_id")["start"].nunique().max() == 2  # one window in each segment


def test_a_sweep_ends_with_a_table_of_its_jobs_best_first(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("train", "-m", *TINY, "trainer.max_epochs=1", "seed=0,1", "hydra.sweep.dir=sweep") == 0
    table = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    assert sorted(table["job"]) == [0, 1]
    assert table["val/video/auc"].is_monotonic_decreasing
    assert {"seed=0", "seed=1"} == {re.search(r"seed=\d", row).group() for row in table["overrides"]}  # type: ignore[union-attr]
    assert "best val AUC of videos first" in capfd.readouterr().out
    for job in ("0", "1"):
        assert (tmp_path / "sweep" / job / "checkpoints" / "best.ckpt").exists()


def test_a_job_that_fails_does_not_cost_the_sweep_its_table(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    models = "model=meso4_lstm,meso4"
    options = [*TINY, "trainer.max_epochs=1", "representation=frame", models, "hydra.sweep.dir=sweep"]
    assert script("train", "-m", *options) == 1
    table = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    assert table["job"].tolist() == [1, 0]
    assert table["state"][0] == "done" and table["state"][1].startswith("failed: ")
    shown = capfd.readouterr().out
    assert f"job 0 {table['state'][1]}"[:60] in shown and "sweep of 2 jobs" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data=celebdf"], "data.root is not set"),
        (["data=celebdf", "data.root=/nowhere", "faces=mtcnn"], "/nowhere"),
        (["model=resnet"], "model has no choice resnet;"),
        (["data=imagenet"], "data has no choice imagenet;"),
        (["resume=/nowhere/last.ckpt"], "/nowhere/last.ckpt does not exist"),
        (
            ["model=effnet", "model.backbone.name=efficientnet_b99", "model.backbone.pretrained=false"],
            "knows no such model",
        ),
        (["model=meso4_lstm", "representation=frame"], "needs clips of 2 frames"),
        (["faces.image_format=gif"], "choose one of png, webp, bmp, jpg"),
        (["device=cuda"], "no CUDA device"),
        (["trainer=gpu"], "Try trainer=cpu"),
        (["optimizer.lr=1e9"], "training diverged; lower optimizer.lr"),
        (["representation.clip_length=16"], "a clip spans 16 frames, but a stored segment has 8"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_clear_line(
    arguments: list[str], message: str, script: Run, capfd: pytest.CaptureFixture[str], demo_root: Path
) -> None:
    if arguments == ["device=cuda"]:
        arguments = [*arguments, "faces.num_segments=3"]  # a recipe that is not there yet
    corpus = [] if any(argument.startswith("data=") for argument in arguments) else SMALL_DEMO
    assert script("train", *SHORT, *corpus, *arguments) != 0
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
