"""A tuned foundation model's checkpoint is small, and serves everywhere with the rest of its weights."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from deepfake import load_detector
from deepfake.errors import CheckpointError
from deepfake.models.backbones.timm import Timm
from tests.conftest import SMALL_DEMO, TINY, Run

pytestmark = pytest.mark.slow


def state(path: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["state_dict"]
    return found


@pytest.mark.parametrize("tune", ["norm", "effort"])
def test_a_small_checkpoint_serves_for_everything(
    tune: str, script: Run, tmp_path: Path, demo_root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    weights = tmp_path / "vit.pth"
    torch.save(Timm("test_vit").network.state_dict(), weights)
    options = [
        *TINY,
        "model=effnet",
        f"model/tune={tune}",
        "model.backbone.name=test_vit",
        f"model.backbone.weights={weights}",
        "model.size=160",
        "callbacks=ema",
    ]
    assert script("train", *options, "hydra.run.dir=whole") == 0
    assert "of these, " in capfd.readouterr().out
    folder = tmp_path / "whole" / "checkpoints"
    small = folder / "best.ckpt"
    held = state(small)
    assert not any("mlp" in name for name in held) and any("head" in name for name in held)
    assert sum(value.numel() for value in held.values()) < 0.2 * sum(p.numel() for p in Timm("test_vit").parameters())

    assert script("train", *options, "hydra.run.dir=resumed", f"resume='{folder / 'epoch_001.ckpt'}'") == 0
    again = state(tmp_path / "resumed" / "checkpoints" / "last.ckpt")
    assert all(torch.equal(value, again[name]) for name, value in state(folder / "last.ckpt").items())

    detector = load_detector(small)
    clips = torch.rand(2, 1, 3, 160, 160)
    with torch.no_grad():
        logits = detector(clips)
    common = ["loader.num_workers=0", "device=cpu", "loader.batch_size=8", f"checkpoint={small}"]
    assert script("evaluate", *SMALL_DEMO, *common, "hydra.run.dir=tested") == 0
    trained, tested = (pd.read_csv(tmp_path / name / "predictions.csv") for name in ("whole", "tested"))
    pd.testing.assert_series_equal(trained["score"], tested["score"], rtol=1e-4)
    video = next((demo_root).rglob("*.mp4"))
    assert script("predict", *common, f"input='{video}'", "hydra.run.dir=seen") == 0

    moved = weights.rename(tmp_path / "moved.pth")
    with pytest.raises(
        CheckpointError, match="holds only what trained, and the rest cannot be loaded .*vit.pth does n"
    ):
        load_detector(small)
    with torch.no_grad():
        assert torch.equal(load_detector(small, moved)(clips), logits)
    assert script("evaluate", *SMALL_DEMO, *common, "hydra.run.dir=given", f"backbone_weights={moved}") == 0
    torch.save(Timm("test_vit").network.state_dict(), weights)  # others, of the same shapes
    with pytest.raises(
        CheckpointError, match="was trained on other weights of its backbone than .*vit.pth; give the f"
    ):
        load_detector(small)
