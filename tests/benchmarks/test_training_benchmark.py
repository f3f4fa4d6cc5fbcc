"""The benchmark `training` at a tiny size, and the plain dataset compared to torchvision."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as reference

from benchmarks.training import plain
from benchmarks.training.plain import Draw, PlainDataset, changed
from benchmarks.training.training import conclude, show_training
from tests.conftest import Run


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("draw", [Draw(), Draw(True, 1.1, 0.9, 1.1), Draw(False, 0.9, 1.1, 0.9), Draw(True)], ids=str)
def test_the_plain_changes_are_torchvisions(draw: Draw, picture: np.ndarray) -> None:
    image = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    image = reference.horizontal_flip(image) if draw.flip else image
    image = reference.adjust_brightness(image, draw.brightness)
    image = reference.adjust_contrast(image, draw.contrast)
    image = reference.adjust_saturation(image, draw.saturation)
    expected = (image * 255).permute(1, 2, 0).numpy()
    assert np.abs(changed(picture, draw).astype(float) - expected).max() <= 1.01


def test_a_plain_dataset_reads_normalises_and_draws_once_a_clip(
    picture: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "cv2", None)
    for name in ("a", "b"):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
    clip, label = PlainDataset([files], [1], 32, mean, std)[0]
    expected = torch.from_numpy((picture / 255 - mean) / std).permute(2, 0, 1).float()
    assert label == 1 and torch.allclose(clip[0], expected, atol=1e-5) and torch.equal(clip[0], clip[1])
    augmented, _ = PlainDataset([files], [1], 16, mean, std, flip=0.5, colour=0.1, jpeg=1.0)[0]
    assert augmented.shape == (2, 3, 16, 16) and torch.equal(augmented[0], augmented[1])


def test_a_model_that_was_measured_in_part_has_its_row(capfd: pytest.CaptureFixture[str]) -> None:
    row: dict[str, Any] = {"batch_size": 2, "clip_length": 8, "precision": "32-true"}
    row["clips_per_second"] = {"step": [4.0, 2.0, 3.0], "loop_none": [2.0, 1.0]}
    conclude(row)
    assert row["ratios"]["loop_none_to_step"] == 0.5
    setting = {"crop_size": 64, "image_format": "webp", "bytes_per_crop": 5000.0, "plain_reader": "Pillow"}
    show_training({"setting": setting, "models": {"tiny": row}})
    shown = " ".join(capfd.readouterr().out.split())
    assert "tiny" in shown and "0.5" in shown and "measured" in shown


@pytest.mark.slow
def test_the_whole_benchmark(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ["training.models=[meso4,meso4_lstm]", "training.num_videos=4", "training.steps=2", "training.repeats=2"]
    options += ['training.overrides=["model.size=32","loader.num_workers=1"]', "training.crop_size=64"]
    assert script("benchmark", "benchmark=training", *options, "hydra.run.dir=out") == 0
    numbers = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert list(numbers["models"]) == ["meso4", "meso4_lstm"]
    for row in numbers["models"].values():
        ways = ("step", "loop_none", "loop_ram", "loader_none", "device_ram", "plain", "step_channels_last")
        assert all(len(row["clips_per_second"][way]) == 2 and row["medians"][way] > 0 for way in ways)
        assert row["ratios"]["loader_none_to_plain"] == row["medians"]["loader_none"] / row["medians"]["plain"]
    shown = capfd.readouterr().out
    assert "step alone" in shown and "channels_last" in shown
