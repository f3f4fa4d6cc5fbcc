"""Training on a folder of reals alone, as a user runs it: the fakes are blends, in training and on val."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image

from tests.conftest import SHORT, Run

pytestmark = pytest.mark.slow


def test_a_folder_with_only_reals_trains_and_chooses_by_blends(
    script: Run, tmp_path: Path, demo_root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    (mine / "real").mkdir(parents=True)
    for path in sorted((demo_root / "real").glob("*_a.mp4")):
        shutil.copy(path, mine / "real")
    options = [*SHORT, "data=folder", f"data.root='{mine}'", "data.name=mine", "augment=sbi", "model.size=64"]
    options += ["loader.cache=ram", "loader.num_workers=2", "trainer.max_epochs=1"]
    assert script("train", *options, "hydra.run.dir=run") == 0
    run, shown = tmp_path / "run", capfd.readouterr().out
    assert "val has no fakes: each real is scored beside a blend of itself" in shown
    assert "its AUC is undefined" in shown  # of the test split, of which blends are no part

    metrics = json.loads((run / "metrics.json").read_text())["metrics"]
    assert 0 <= metrics["val/video/auc"] <= 1 and metrics["test/video/auc"] is None
    predicted = pd.read_csv(run / "predictions.csv")
    assert set(predicted["label"]) == {0} and predicted["score"].between(0, 1).all()
    card = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)["deepfake"]
    assert card["distortions"] == ["blend", "brightness", "hue_saturation", "jpeg"]
    with Image.open(run / "sbi.png") as picture:
        picture.load()
