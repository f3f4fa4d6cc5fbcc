"""Will there be an epoch, and a best one to test? Said before hours of extraction; and what of it was scored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from deepfake.callbacks.best_checkpoint import BestCheckpoint
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import ConfigError
from deepfake.schema import Split
from deepfake.task import LOGGED, DetectorTask

# What ends a training before its first epoch has one that can be tested, by trainer options that are 0.
_NEEDED = {
    "max_steps": "no step would be trained",
    "limit_train_batches": "nothing would be trained",
    "limit_val_batches": "the best epoch is chosen by val videos, and none would be scored",
}

_KNOWN = ("deepfake", "pytorch_lightning")  # packages whose callbacks log no metric that can be watched


def require_work(train: bool, resume: str | None) -> None:
    """See that there is something to train or to measure.

    Args:
        train: whether the run trains.
        resume: the checkpoint that it goes on from, or measures.

    Raises:
        ConfigError: it neither trains nor has a checkpoint.
    """
    if not train and resume is None:
        raise ConfigError(
            "train=false leaves only a checkpoint to measure, and none is given: add resume=CHECKPOINT for its own val "
            "and test, or use scripts/evaluate.py checkpoint=CHECKPOINT for any corpus"
        )


def best_of(callbacks: Mapping[str, pl.Callback]) -> BestCheckpoint:
    """The callback that keeps the epoch which is tested and reported.

    Args:
        callbacks: the config group, instantiated.

    Raises:
        ConfigError: it is missing.
    """
    best = callbacks.get("best")
    if not isinstance(best, BestCheckpoint):
        found = f"is a {type(best).__name__}" if best else "is missing"
        raise ConfigError(
            f"callbacks.best {found}: it keeps the epoch that is tested and reported, and no run ends without it; "
            "leave it as callbacks=default has it"
        )
    return best


def require_epochs(trainer: pl.Trainer, options: Mapping[str, Any]) -> None:
    """See that the trainer will train an epoch and score val videos after it.

    Args:
        trainer: as it was built.
        options: the config group `trainer`.

    Raises:
        ConfigError: it would not.
    """
    if options.get("fast_dev_run"):
        raise ConfigError(
            f"trainer.fast_dev_run={options['fast_dev_run']} keeps no checkpoint, so there would be nothing to test: "
            "for a short try give debug=fast"
        )
    for name, why in _NEEDED.items():
        if name in options and options[name] is not None and options[name] == 0:
            raise ConfigError(f"trainer.{name}={options[name]}: {why}; give more, or leave it out")
    if not (options.get("max_time") or "1").strip("0:"):
        raise ConfigError(f"trainer.max_time={options['max_time']}: nothing would be trained; give more")
    every = trainer.check_val_every_n_epoch
    if every is not None and trainer.max_epochs not in (None, -1) and every > trainer.max_epochs:
        raise ConfigError(
            f"trainer.check_val_every_n_epoch={every} is more than trainer.max_epochs={trainer.max_epochs}: val videos "
            "would never be scored, by which the best epoch is chosen; give fewer"
        )


def require_monitors(callbacks: Mapping[str, pl.Callback]) -> None:
    """See that what callbacks watch is a metric of a training; one that is not ours may log others.

    Args:
        callbacks: the config group, instantiated.

    Raises:
        ConfigError: there is no such metric.
    """
    if any(type(callback).__module__.partition(".")[0] not in _KNOWN for callback in callbacks.values()):
        return
    for name, callback in callbacks.items():
        monitor = getattr(callback, "monitor", None)
        if monitor is not None and monitor not in LOGGED:
            raise ConfigError(
                f"callbacks.{name}.monitor={monitor} is no metric of a training: there are {', '.join(LOGGED)}"
            )


def require_rest(trainer: pl.Trainer, best: Path | None, resumed: Mapping[str, Any], path: object) -> None:
    """See that a resumed run has something left: epochs to train, or a best one to test.

    Args:
        trainer: of the run that goes on.
        best: the checkpoint of the best epoch so far, if there is one.
        resumed: the content of the checkpoint.
        path: of it.

    Raises:
        ConfigError: it has neither.
    """
    whole = resumed["loops"]["fit_loop"].get("epoch_loop.batch_progress", {}).get("is_last_batch", True)
    done = resumed["epoch"] + int(whole)  # Slurm's signal saves in the middle of an epoch
    if best is None and trainer.max_epochs not in (None, -1) and done >= trainer.max_epochs:
        raise ConfigError(
            f"resume={path} has {done} epochs behind it, of trainer.max_epochs={trainer.max_epochs}, and there is no "
            "best.ckpt beside it: no epoch was left to train and there is none to test; give more epochs, with "
            "scheduler=constant if the run had it, or another checkpoint"
        )


def scored(task: DetectorTask, datamodule: ClipDataModule, test: bool) -> dict[Split, dict[str, int]]:
    """Coverage of what was scored last: with `trainer.limit_test_batches` these are fewer than the videos with clips.

    Args:
        task: has validated, and tested if there was a test.
        datamodule: of it.
        test: whether the test split was to be scored; without that it is left out.
    """
    coverage = {split: datamodule.coverage(split) for split in Split if test or split != Split.TEST}
    for split in coverage:
        if str(split) in task.scored:
            coverage[split] = datamodule.coverage(split, task.scored[str(split)])
    return coverage


def require_trained(best: BestCheckpoint, options: Mapping[str, Any], resume: str | None) -> None:
    """Stop unless an epoch was trained to its end, which `best` then has kept.

    Args:
        best: the callback that keeps the best epoch.
        options: the config group `trainer`.
        resume: the checkpoint that the run goes on from.

    Raises:
        ConfigError: none was.
    """
    if not best.best_model_path:
        limits = {name: options.get(name) for name in ("max_epochs", "max_steps", "max_time")}
        given = [f"trainer.{name}={value}" for name, value in limits.items() if value is not None]
        raise ConfigError(f"no epoch was trained to its end: {', '.join(given)}, resume={resume}")
