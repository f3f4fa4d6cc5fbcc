"""Builds the models that the benchmark `training` trains, each with options of `scripts/train.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra import compose
from hydra.utils import instantiate
from omegaconf import DictConfig

from benchmarks.training.drawn import Drawn
from deepfake.checkpoints.initial_model import build_model
from deepfake.config.plain import plain
from deepfake.data.datamodule import ClipDataModule
from deepfake.faces.settled_recipe import settled, stored_recipe
from deepfake.models.detector import Detector
from deepfake.task import DetectorTask


@dataclass(frozen=True)
class Case:
    """A model to be timed.

    Attributes:
        name: name of the model in messages and tables.
        cfg: composed config of `scripts/train.py`.
        batch_size: clips per batch.
        device: device of the model.
        precision: as `trainer.precision`.
    """

    name: str
    cfg: DictConfig
    batch_size: int
    device: str
    precision: str

    @property
    def clip_length(self) -> int:
        return int(self.cfg.model.clip_length)

    def detector(self) -> Detector:
        """Make a new detector."""
        torch.manual_seed(0)
        return build_model(self.cfg.model)

    def task(self) -> DetectorTask:
        """Make a new task, with its loss, optimizer and schedule."""
        loss, optimizer, scheduler = (instantiate(self.cfg[name]) for name in ("loss", "optimizer", "scheduler"))
        return DetectorTask(self.detector(), loss, optimizer, scheduler, 0, {})

    def datamodule(self, drawn: Drawn, num_batches: int, **options: Any) -> ClipDataModule:
        """Make training data whose epoch has at least `num_batches` batches, with the augmentation of `cfg`."""
        loader = {**plain(self.cfg.loader), "batch_size": self.batch_size, **options}
        loader["clips_per_video"] = -(-num_batches * self.batch_size // len(drawn.videos))
        augment, spec = instantiate(self.cfg.augment), self.detector().spec
        return ClipDataModule(drawn.videos, drawn.store, spec, augment, 0, **loader)


def cases(options: DictConfig, device: str) -> list[Case]:
    """Return the models named by `options`, the config group `training`, each to be measured on `device`."""
    precision = options.precision or ("bf16-mixed" if device.startswith("cuda") else "32-true")
    found = []
    for name in options.models:
        cfg = compose("train", overrides=[*options.options.get(name, [f"model={name}"]), *options.overrides])
        frames = options.frames_per_batch
        size = cfg.loader.batch_size if frames is None else max(2, frames // cfg.model.clip_length)
        found.append(Case(name, cfg, size, device, precision))
    return found


def store_recipe(faces: Mapping[str, Any], weights_dir: Path, crop_size: int) -> dict[str, Any]:
    """Return the recipe of a drawn store: that of the config group `faces`, although its finder is never used."""
    recipe = stored_recipe(settled(faces, weights_dir))
    return {**recipe, "max_crop_size": max(crop_size, recipe["max_crop_size"])}
