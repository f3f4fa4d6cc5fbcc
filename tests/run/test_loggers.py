"""Training and its loggers, as a user meets them: offline W&B, its service killed, a run that fails or goes on."""

import gc
import json
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
import pytorch_lightning as pl
import torch
import wandb

from deepfake.loggers import wandb as door
from tests.conftest import TINY, Run
from tests.loggers.offline import exit_codes, logged, run_ids, run_names

ONLINE_OR_OFF = [*(option for option in TINY if option != "logger=csv"), "trainer.max_epochs=1"]


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))  # no netrc
    door.reset()


def weights(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    return state


def test_wandb_is_offline_and_gets_no_faces_unless_asked(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = {}
    for faces in ("false", "true"):
        options = [f"logger.wandb.faces={faces}", "logger.wandb.max_faces=2", f"hydra.run.dir={faces}"]
        assert script("train", *ONLINE_OR_OFF, *options) == 0
        line = re.search(r"wandb sync (\S+)", capfd.readouterr().out)
        assert line
        folder = Path(line.group(1))
        assert exit_codes(folder) == [0]
        sent[faces] = [path for path in folder.rglob("files/**/*") if path.is_file()]
        found = logged(folder)
        charts = ("roc", "precision-recall", "det", "scores", "reliability", "by-method")
        assert found.keys() >= {*(f"test/{name}" for name in charts), "test/decisions", "val/learning-loss"}
        assert found["test/roc"]["count"] == 1 and "an area of" in found["test/roc"]["captions"][0]
    assert not [path for path in sent["false"] if "videos" in str(path)]
    tables = {path.name.partition("_")[0]: path for path in sent["true"] if path.name.endswith(".table.json")}
    assert len(json.loads(tables["videos"].read_text())["data"]) == 2
    # Hydra reads the folder's name as a truth value.
    numbers = pd.read_csv(tmp_path / "True" / "numbers.csv")
    assert len(json.loads(tables["numbers"].read_text())["data"]) == len(numbers) > 30
    auc = numbers[(numbers["level"] == "video") & (numbers["by"] == "all") & (numbers["metric"] == "auc")].iloc[0]
    assert found.get("test/video/auc_low") == (None if pd.isna(auc["low"]) else auc["low"])
    decisions = json.loads(tables["decisions"].read_text())
    assert decisions["columns"] == ["threshold", "0.5"] and decisions["data"][0] == [
        "called fake: a score above",
        "0.500",
    ]


def test_a_service_that_dies_costs_nothing_but_its_record(
    script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert script("train", *ONLINE_OR_OFF, "hydra.run.dir=whole") == 0
    killed = []

    def kill(self: pl.LightningModule) -> None:
        for process in psutil.Process().children(recursive=True):
            if "wandb-core" in " ".join(process.cmdline()):
                process.kill()
                process.wait(10)
                killed.append(process.pid)

    monkeypatch.setattr("deepfake.task.DetectorTask.on_train_start", kill)
    assert script("train", *ONLINE_OR_OFF, "hydra.run.dir=alone") == 0
    door.reset()
    gc.collect()
    assert killed
    log = (tmp_path / "alone" / "train.log").read_text()
    assert log.count("the run goes on without it") == 1
    whole, alone = weights(tmp_path / "whole"), weights(tmp_path / "alone")
    assert all(torch.equal(whole[name], alone[name]) for name in whole)
    assert (tmp_path / "alone" / "metrics.json").exists()


def test_a_run_that_fails_is_closed_as_failed(script: Run, tmp_path: Path) -> None:
    assert script("train", *ONLINE_OR_OFF, "optimizer.lr=1e9", "hydra.run.dir=run") == 1
    assert exit_codes(tmp_path / "run") == [1]
    assert wandb.run is None


def test_a_resumed_run_goes_on_under_its_id(script: Run, tmp_path: Path) -> None:
    options = [*ONLINE_OR_OFF, "scheduler=constant"]
    assert script("train", *options, "hydra.run.dir=first") == 0
    resume = tmp_path / "first" / "checkpoints" / "last.ckpt"
    more = ["trainer.max_epochs=2", f"resume={resume}"]
    assert script("train", *options, *more, "hydra.run.dir=second") == 0
    assert script("train", *options, "hydra.run.dir=other") == 0
    first, second, other = (run_ids(tmp_path / name) for name in ("first", "second", "other"))
    assert first == second != other
    assert len(first) == len(other) == 1


@pytest.mark.parametrize(
    ("options", "name"),
    [(["model=meso4"], "meso4"), (["model=meso4", "model/temporal=lstm", "representation=window"], "meso4_lstm")],
    ids=["meso4", "meso4 with another part"],
)
def test_a_run_is_named_for_what_it_is(options: list[str], name: str, script: Run, tmp_path: Path) -> None:
    assert script("train", *ONLINE_OR_OFF, *options, "model.size=64") == 0
    (metrics,) = tmp_path.glob(f"outputs/train/demo/{name}/*/metrics.json")
    assert json.loads(metrics.read_text())["model"] == name
    assert run_names(metrics.parent) == {f"demo-{name}-seed0"}
