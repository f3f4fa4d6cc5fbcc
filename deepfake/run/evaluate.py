"""Tests checkpoints on one split of a corpus, or measures a table of scores."""

import logging
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig

from deepfake.checkpoints import read_checkpoint
from deepfake.command.entry import entry_point
from deepfake.command.idle import refuse_idle
from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.run.evaluate_checkpoint import evaluate_checkpoint
from deepfake.run.evaluate_table import OF_TABLES, evaluate_table

log = logging.getLogger(__name__)


@entry_point
def evaluate(cfg: DictConfig) -> None:
    """Score `cfg.split` of `cfg.data` with the detectors of `cfg.checkpoint`, or measure `cfg.predictions`."""
    if (cfg.checkpoint is None) == (cfg.predictions is None):
        raise ConfigError("give either checkpoint=, to test a detector, or predictions=, to measure a table of scores")
    if cfg.predictions is not None:
        evaluate_table(cfg)
        return
    refuse_idle(beside="checkpoint", idle=OF_TABLES)
    folder = Path(cfg.paths.output_dir)
    if not isinstance(cfg.checkpoint, ListConfig):
        evaluate_checkpoint(cfg, cfg.checkpoint, folder)
        return
    evaluate_several(cfg, [str(each) for each in cfg.checkpoint], folder)


def evaluate_several(cfg: DictConfig, checkpoints: Sequence[str], folder: Path) -> None:
    """Test several checkpoints on the same videos, each in a folder of its own that is numbered as they were given.

    Raises:
        ConfigError: a checkpoint is given twice.
        CheckpointError: one of them is none.
    """
    files = [Path(each).expanduser().resolve() for each in checkpoints]
    if twice := [given for given, file in zip(checkpoints, files, strict=True) if files.count(file) > 1]:
        raise ConfigError(f"checkpoint= has {shown(twice[0])} twice: give each once")
    for each in checkpoints:
        read_checkpoint(each)  # a mistake in the last one is told before hours of testing the first
    for index, checkpoint in enumerate(checkpoints):
        log.info("%d of %d: %s", index + 1, len(checkpoints), shown(checkpoint))
        own = folder / str(index)
        own.mkdir(parents=True, exist_ok=True)
        evaluate_checkpoint(cfg, checkpoint, own)
