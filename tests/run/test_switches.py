"""`debug=...`, `train=false`, `test=false`, `print_config=true`, tags and notes, on a tiny demo corpus."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from tests.conftest import SMALL_DEMO, TINY, Run

FIXED = "hydra.run.dir=run"
# What the groups of debug/ decide for themselves is left out.
BARE = [*SMALL_DEMO, "faces.num_segments=2", "trainer=cpu", "trainer.enable_progress_bar=false", "model.size=64"]


def metrics(folder: Path) -> Any:
    return json.loads((folder / "metrics.json").read_text())


def test_a_fast_run_ends_with_metrics(script: Run, tmp_path: Path) -> None:
    assert script("train", *BARE, "debug=fast", FIXED) == 0
    content = metrics(tmp_path / "run")
    assert {"val/video/auc", "test/video/auc"} <= content["metrics"].keys()
    assert content["scoring"]["clips_per_track"] == 1
    curve = pd.read_csv(tmp_path / "run" / "csv" / "metrics.csv")
    assert curve["train/loss_epoch"].count() == 1 and curve["train/loss_step"].count() == 2
    config = yaml.safe_load((tmp_path / "run" / ".hydra" / "config.yaml").read_text())
    assert [*config["logger"]] == ["csv"] and config["loader"]["num_workers"] == 0


@pytest.mark.slow
def test_overfitting_repeats_its_batches_and_learns_them(script: Run, tmp_path: Path) -> None:
    options = ["debug=overfit", "loader.num_workers=0", "loader.batch_size=8", "sampling.eval_clips_per_track=1"]
    assert script("train", *BARE, *options, FIXED) == 0
    curve = pd.read_csv(tmp_path / "run" / "csv" / "metrics.csv")
    loss = curve["train/loss_epoch"].dropna().to_numpy()
    assert len(loss) == 30
    assert loss[-5:].mean() < 0.5 * loss[0]


def test_a_profile_lies_in_the_runs_folder(script: Run, tmp_path: Path) -> None:
    options = ["debug=profile", "+trainer.limit_train_batches=1"]
    assert script("train", *TINY, *options, "trainer.max_epochs=1", "model.size=64", FIXED) == 0
    for name, action in (("fit", "run_training_epoch"), ("validate", "validation_step"), ("test", "test_step")):
        assert action in (tmp_path / "run" / f"{name}-profile.txt").read_text()


def test_a_checkpoint_is_measured_as_at_the_end_of_its_training(trained: Path, script: Run, tmp_path: Path) -> None:
    best = trained / "checkpoints" / "best.ckpt"
    assert script("train", *TINY, "train=false", f"resume={best}", "hydra.run.dir=measured") == 0
    there, here = metrics(trained), metrics(tmp_path / "measured")
    assert here["metrics"] == there["metrics"]
    assert (tmp_path / "measured" / here["checkpoint"]).resolve() == best
    table = [pd.read_csv(folder / "predictions.csv") for folder in (trained, tmp_path / "measured")]
    pd.testing.assert_frame_equal(*table)
    assert not (tmp_path / "measured" / "checkpoints").exists()


def test_an_earlier_epoch_can_be_measured(trained: Path, script: Run, tmp_path: Path) -> None:
    first = sorted((trained / "checkpoints").glob("epoch*.ckpt"))[0]
    arguments = [*TINY, "train=false", "test=false", f"resume='{first}'", "hydra.run.dir=measured"]
    assert script("train", *arguments) == 0
    curve = pd.read_csv(trained / "csv" / "metrics.csv")["val/video/auc"].dropna()
    assert metrics(tmp_path / "measured")["metrics"]["val/video/auc"] == pytest.approx(curve.iloc[0])


def test_measuring_needs_a_checkpoint(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", *TINY, "train=false") == 1
    error = capfd.readouterr().err.strip()
    assert error.startswith("error: train=false leaves only a checkpoint to measure") and "\n" not in error
    assert "scripts/evaluate.py checkpoint=" in error


def test_a_checkpoint_is_measured_with_its_own_options(
    one_epoch: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    best = one_epoch / "checkpoints" / "best.ckpt"
    assert script("train", *TINY, "train=false", f"resume={best}", "sampling.eval_clips_per_track=1") == 1
    assert "sampling.eval_clips_per_track was 2 and is now 1" in capfd.readouterr().err


def test_the_test_split_can_be_left_alone(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    labels = ["tags=[demo,baseline]", "notes='a first try'"]
    arguments = [*TINY, "trainer.max_epochs=1", "model.size=64", "test=false", "print_config=true", *labels]
    assert script("train", *arguments, FIXED) == 0
    folder = tmp_path / "run"
    content = metrics(folder)
    assert not [name for name in content["metrics"] if name.startswith("test/")]
    assert "val/video/auc" in content["metrics"]
    assert not (folder / "predictions.csv").exists() and not (folder / "roc.png").exists()
    log = (folder / "train.log").read_text()
    assert log.count("test=false: the test split was left out") == 1
    # Labels are in the folder, in what every logger is given, and in the checkpoints.
    assert content["tags"] == ["demo", "baseline"] and content["notes"] == "a first try"
    (hparams,) = folder.rglob("hparams.yaml")
    assert yaml.safe_load(hparams.read_text())["tags"] == ["demo", "baseline"]
    card = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)["deepfake"]
    assert card["config"]["tags"] == ["demo", "baseline"] and card["config"]["notes"] == "a first try"
    # The config comes before all else, resolved, and as plain YAML where there is no terminal.
    shown = capfd.readouterr().out
    end = "\nsweep:\n  resume: null\n"
    printed = yaml.safe_load(shown[shown.index("paths:\n") : shown.index(end) + len(end)])
    assert printed == card["config"]
    assert shown.index("paths:\n") < shown.index("parameters;")
