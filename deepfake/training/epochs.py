"""Checks before hours of extraction that training will leave an epoch to test, and counts later what was scored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from deepfake.callbacks.best_checkpoint import BestCheckpoint
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import ConfigError
from deepfake.schema import Split
from deepfake.task import LOGGED, DetectorTask

# Trainer options that must not be 0, because then no epoch could be tested.
_NONZERO = {
    "max_steps": "no step would be trained",
    "limit_train_batches": "nothing would be trained",
    "limit_val_batches": "the best epoch is chosen by val videos, and none would be scored",
}

_KNOWN_PACKAGES = ("deepfake", "pytorch_lightning")  # their callbacks log no metrics that another could monitor


def require_work(train: bool, resume: str | None) -> None:
    """Stop unless there is something to train or to measure.

    Args:
        train: whether the run trains.
        resume: the checkpoint that it resumes from, or measures.

    Raises:
        ConfigError: it neither trains nor has a checkpoint.
    """
    if not train and resume is None:
        raise ConfigError(
            "train=false leaves only a checkpoint to measure, and none is given: add resume=CHECKPOINT for its own val "
            "and test, or use scripts/evaluate.py checkpoint=CHECKPOINT for any corpus"
        )


def best_of(callbacks: Mapping[str, pl.Callback]) -> BestCheckpoint:
    """Return the callback that keeps the epoch that is tested and reported.

    Args:
        callbacks: the instantiated config group.

    Raises:
        ConfigError: it is missing.
    """
    best = callbacks.get("best")
    if not isinstance(best, BestCheckpoint):
        found = f"is a {type(best).__name__}" if best else "is missing"
        raise ConfigError(
            f"callbacks.best {found}: it keeps the epoch that is tested and reported, which every run needs; leave it "
            "as in callbacks=default"
        )
    return best


def require_epochs(trainer: pl.Trainer, options: Mapping[str, Any]) -> None:
    """Stop unless the trainer will train an epoch and then score val videos.

    Args:
        trainer: the trainer, built from `options`.
        options: the config group `trainer`.

    Raises:
        ConfigError: it would not.
    """
    if options.get("fast_dev_run"):
        raise ConfigError(
            f"trainer.fast_dev_run={options['fast_dev_run']} keeps no checkpoint, so there would be nothing to test: "
            "for a short trial use debug=fast"
        )
    for name, why in _NONZERO.items():
        if name in options and options[name] is not None and options[name] == 0:
            raise ConfigError(f"trainer.{name}={options[name]}: {why}; raise it, or leave it out")
    if not (options.get("max_time") or "1").strip("0:"):
        raise ConfigError(f"trainer.max_time={options['max_time']}: nothing would be trained; raise it")
    every = trainer.check_val_every_n_epoch
    if every is not None and trainer.max_epochs not in (None, -1) and every > trainer.max_epochs:
        raise ConfigError(
            f"trainer.check_val_every_n_epoch={every} is more than trainer.max_epochs={trainer.max_epochs}: val "
            "videos, which choose the best epoch, would never be scored; lower it"
        )


def require_monitors(callbacks: Mapping[str, pl.Callback], of_schedule: str | None = None) -> None:
    """Stop unless callbacks monitor metrics that a training logs; callbacks from other packages may log more of them.

    Args:
        callbacks: the instantiated config group.
        of_schedule: the metric that the schedule of the learning rate follows, if it follows one.

    Raises:
        ConfigError: there is no such metric.
    """
    if any(type(callback).__module__.partition(".")[0] not in _KNOWN_PACKAGES for callback in callbacks.values()):
        return
    monitors = {f"callbacks.{name}.monitor": getattr(each, "monitor", None) for name, each in callbacks.items()}
    for name, monitor in {**monitors, "scheduler.monitor": of_schedule}.items():
        if monitor is not None and monitor not in LOGGED:
            raise ConfigError(f"{name}={monitor} is not a metric that training logs: choose one of {', '.join(LOGGED)}")


def require_unfinished(trainer: pl.Trainer, best: Path | None, resumed: Mapping[str, Any], path: object) -> None:
    """Stop unless a resumed run has epochs left to train, or a best one to test.

    Args:
        trainer: the trainer of the run that resumes.
        best: the checkpoint of the best epoch so far, if there is one.
        resumed: the content of the checkpoint.
        path: the checkpoint's path, for messages.

    Raises:
        ConfigError: it has neither.
    """
    whole = resumed["loops"]["fit_loop"].get("epoch_loop.batch_progress", {}).get("is_last_batch", True)
    done = resumed["epoch"] + int(whole)  # Slurm's signal saves in the middle of an epoch
    if best is None and trainer.max_epochs not in (None, -1) and done >= trainer.max_epochs:
        raise ConfigError(
            f"resume={path} was saved after {done} epochs of trainer.max_epochs={trainer.max_epochs}, and there is no "
            "best.ckpt beside it, so there is no epoch left to train and none to test; raise trainer.max_epochs if the "
            "run has scheduler=constant, or use another checkpoint"
        )


def scored_coverage(task: DetectorTask, datamodule: ClipDataModule, test: bool) -> dict[Split, dict[str, int]]:
    """Return the coverage of what was scored last; with `trainer.limit_test_batches` not all videos with clips were.

    Args:
        task: one that has validated, and tested if there was a test.
        datamodule: the data that it scored.
        test: whether the test split was to be scored; without that it is left out.
    """
    coverage = {split: datamodule.coverage(split) for split in Split if test or split != Split.TEST}
    for split in coverage:
        if str(split) in task.scored:
            coverage[split] = datamodule.coverage(split, task.scored[str(split)])
    return coverage


def require_trained(best: BestCheckpoint, options: Mapping[str, Any], resume: str | None) -> None:
    """Stop unless an epoch was trained to its end, so that `best` has kept one.

    Args:
        best: the callback that keeps the best epoch.
        options: the config group `trainer`.
        resume: the checkpoint that the run resumed from.

    Raises:
        ConfigError: no epoch was.
    """
    if not best.best_model_path:
        limits = {name: options.get(name) for name in ("max_epochs", "max_steps", "max_time")}
        given = [f"trainer.{name}={value}" for name, value in limits.items() if value is not None]
        raise ConfigError(f"no epoch was trained to its end: {', '.join(given)}, resume={resume}")
