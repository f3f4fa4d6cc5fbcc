"""Tests checkpoints on one split of a corpus, or measures a table of scores."""

import logging
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from deepfake.checkpoints import read_checkpoint, require_each_once
from deepfake.checkpoints.calibration import AUTO, NONE
from deepfake.command.entry import entry_point
from deepfake.command.idle import refuse_idle
from deepfake.config.model_name import model_name
from deepfake.errors import ConfigError
from deepfake.evaluation import write_comparison
from deepfake.names import shown
from deepfake.report.tables import show_paths
from deepfake.run.evaluate_checkpoint import Tested, evaluate_checkpoint
from deepfake.run.evaluate_combined import evaluate_combined, require_combinable
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
        if cfg.combine:
            require_combinable(cfg, [cfg.checkpoint])
        evaluate_checkpoint(cfg, cfg.checkpoint, folder)
        return
    evaluate_several(cfg, [str(each) for each in cfg.checkpoint], folder)


def evaluate_several(cfg: DictConfig, checkpoints: Sequence[str], folder: Path) -> None:
    """Test several checkpoints on the same videos, each in a folder numbered as they were given, and compare them.

    With `cfg.combine` what they tell together is measured as well, and compared with each.

    Raises:
        ConfigError: a checkpoint is given twice, or a calibration that can be of one of them alone.
        CheckpointError: one of them is none.
    """
    require_each_once(checkpoints)
    if cfg.combine:
        require_combinable(cfg, checkpoints)
    of_each = cfg
    if cfg.calibration not in (AUTO, NONE, None):
        if not cfg.combine:
            raise ConfigError(
                f"calibration={cfg.calibration} is one file: beside several detectors give auto, which takes each "
                "one's own, or none; a file of all of them together belongs to combine=true"
            )
        of_each = cfg.copy()
        OmegaConf.update(of_each, "calibration", AUTO)
    cards = [read_checkpoint(each).card for each in checkpoints]  # a mistake is told before hours of testing
    names = [f"{index}: {model_name(card['model'])}" for index, card in enumerate(cards)]
    folders = [folder / str(index) for index in range(len(checkpoints))]
    for own in folders:
        own.mkdir(parents=True, exist_ok=True)
    tested: dict[str, Tested] = {}
    for name, checkpoint, own in zip(names, checkpoints, folders, strict=True):
        log.info("detector %s (of %d): %s", name, len(names), shown(checkpoint))
        tested[name] = evaluate_checkpoint(of_each, checkpoint, own)
    outcomes = {name: each.outcome for name, each in tested.items()}
    try:
        if cfg.combine:
            outcomes["combined"] = evaluate_combined(cfg, list(tested.values()), folder / "combined")
    finally:  # the detectors have been tested, whatever they cannot tell together
        if len(outcomes) > 1:
            show_paths({"comparison": write_comparison(outcomes, folder, cfg.seed)})
