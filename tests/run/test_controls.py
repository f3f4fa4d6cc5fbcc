"""Controls on the generated corpus: what must be at chance is, and what must be found is. README has the figures."""

import json
from pathlib import Path

import pytest
import torch

from deepfake.data.dataset import Batch, ClipDataset, Draw
from tests.conftest import Run

# Short clips of all 24 people; `flicker` is the one method of which no single frame tells.
FLICKER = [
    "data.methods=[flicker]",
    "data.corpus.min_seconds=1.6",
    "data.corpus.max_seconds=1.8",
    "data.corpus.extras=false",
]
TRAINING = [
    "model.size=64",
    "model.head.dropout=0.1",  # with MesoNet's own, twice 0.5, it takes far more steps
    "optimizer.lr=3e-3",
    "sampling.clips_per_video=8",
    "loader.num_workers=0",
    "loader.cache=ram",
    "logger=csv",
    "trainer=cpu",
    "trainer.enable_progress_bar=false",
]


def auc(folder: Path, level: str = "video") -> float:
    return float(json.loads((folder / "metrics.json").read_text())["metrics"][f"test/{level}/auc"])


@pytest.mark.slow
def test_only_a_window_model_finds_a_wrong_order_of_frames_and_only_by_their_order(
    script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [*FLICKER, f"data.root={tmp_path / 'demo'}", f"paths.faces_dir={tmp_path / 'faces'}"]
    assert script("train", "model=meso4", *own, *TRAINING, "trainer.max_epochs=10", "hydra.run.dir=frames") == 0
    # With eight reals and four fakes in test, a guess has a video AUC of 0.5 +- 0.18 (Mann and Whitney's variance).
    assert 0.3 <= auc(tmp_path / "frames", "clip") <= 0.7
    assert script("train", "model=meso4_lstm", *own, *TRAINING, "trainer.max_epochs=16", "hydra.run.dir=windows") == 0
    assert auc(tmp_path / "windows") >= 0.9

    in_order = ClipDataset.__getitem__

    def shuffled(self: ClipDataset, item: int | Draw) -> Batch:
        sample = in_order(self, item)
        order = torch.randperm(len(sample["clip"]), generator=torch.Generator().manual_seed(int(sample["index"])))
        return {**sample, "clip": sample["clip"][order]}

    monkeypatch.setattr(ClipDataset, "__getitem__", shuffled)
    checkpoint = f"checkpoint={tmp_path / 'windows' / 'checkpoints' / 'best.ckpt'}"
    assert script("evaluate", checkpoint, *own, "loader.num_workers=0", "hydra.run.dir=shuffled") == 0
    assert auc(tmp_path / "shuffled", "clip") <= 0.7  # there are more clips than videos, so less is down to chance
