"""Two processes train and measure as one does: each has its own half of every batch, and one of them writes."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from tests.conftest import TINY, Run
from tests.launch import Launch

# No dropout, whose draws differ from process to process, and no BatchNorm, whose statistics are those of a process.
OPTIONS = [
    *("model=convnext", "model.backbone.name=test_convnext", "model.backbone.pretrained=false", "model.head.dropout=0"),
    *("model.size=64", "optimizer=sgd", "optimizer.lr=0.02", "scheduler=constant", "augment=none"),
    "sampling.clips_per_video=2",
]
ON_CPUS = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "trainer.sync_batchnorm=false"]
TWO = [*ON_CPUS, "trainer.precision=32-true", "trainer.max_epochs=2", "trainer.enable_progress_bar=false"]
# Two processes add float32 in another order: after six steps, a loss of 1.1 differed by 1.2e-6 on one CPU and by
# nothing on another. If half a batch were weighed wrong, the third digit would differ.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def numbers(folder: Path) -> Any:
    return json.loads((folder / "metrics.json").read_text())["metrics"]


def predictions(folder: Path) -> pd.DataFrame:
    (found,) = folder.rglob("predictions.csv")
    table = pd.read_csv(found)
    assert not table.duplicated(["video_id", "track", "start"]).any()
    return table


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(script: Run, tmp_path: Path, data_dir: Path, demo_root: Path) -> None:
    one, two, again = (tmp_path / name for name in ("one", "two", "again"))
    assert script("train", *TINY, *OPTIONS, "hydra.run.dir=one") == 0
    launch = Launch(tmp_path, data_dir, *OPTIONS, *TWO)

    # Training: half the batch in each process is the same batch.
    results = launch.torchrun("loader.batch_size=4", "hydra.run.dir=two")
    assert [code for code, _ in results] == [0], results
    assert sum(output.count("extracting") for _, output in results) == 0  # the first run's faces are used
    curves = [pd.read_csv(folder / "csv" / "metrics.csv") for folder in (one, two)]
    assert curves[0]["train/loss_step"].count() == 6  # 20 clips in batches of 8, in each of two epochs
    pd.testing.assert_frame_equal(*curves, check_like=True, **CLOSE)
    states = [torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for run in (one, two)]
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value, **CLOSE)
    assert numbers(two) == pytest.approx(numbers(one), rel=CLOSE["rtol"], abs=CLOSE["atol"])
    pd.testing.assert_frame_equal(predictions(one), predictions(two), **CLOSE)

    # Measuring: the same bits.
    resume = f"resume={one / 'checkpoints' / 'best.ckpt'}"
    results = launch.torchrun("train=false", resume, "hydra.run.dir=again")
    assert [code for code, _ in results] == [0], results
    assert numbers(again) == numbers(one)
    pd.testing.assert_frame_equal(predictions(one), predictions(again), rtol=0, atol=0)
