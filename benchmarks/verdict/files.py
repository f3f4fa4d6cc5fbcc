"""Provides what the benchmark of verdicts needs: copies of clips, and the checkpoint of an untrained detector."""

import shutil
from pathlib import Path
from typing import Any

import torch
from hydra import compose
from hydra.utils import instantiate
from omegaconf import OmegaConf

from benchmarks.faces.setting import Setting
from deepfake.checkpoints import make_card, without_weights
from deepfake.config.plain import plain
from deepfake.faces.settled_recipe import carried_recipe
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.task import CARD


def copies(paths: list[Path], count: int, folder: Path) -> list[Path]:
    """Copy clips in turn, until there are `count`, into a new folder; a predictor scores no file twice."""
    folder.mkdir()
    return [Path(shutil.copy(paths[i % len(paths)], folder / f"{i:06}.mp4")) for i in range(count)]


def untrained(model: str, setting: Setting, path: Path) -> Path:
    """Write the checkpoint of an untrained detector of `train.py`; verdicts take as long with any weights."""
    config = {"model": plain(compose("train", overrides=[f"model={model}"]).model)}
    detector: Detector = instantiate(without_weights(config["model"]))
    state = {f"detector.{key}": value for key, value in detector.state_dict().items()}
    data: dict[str, Any] = {"corpus": "none", "protocol": "none", "fingerprint": None}
    card = make_card(OmegaConf.create(config), detector.spec, data, carried_recipe(setting.faces))
    torch.save({CARD: {**card, "digest": digest(state)}, "state_dict": state}, path)
    return path
