"""Ends those jobs of a sweep early that do worse than most others did at the same epoch."""

import logging
import statistics
from pathlib import Path

import pandas as pd
import pytorch_lightning as pl

from deepfake.atomic import write_atomic
from deepfake.errors import ConfigError
from deepfake.ranges import Count, PathName, Word

log = logging.getLogger(__name__)
NOTE = "pruned.txt"  # in the folder of a job that was ended early: why
_LESS_IS_BETTER = ("loss", "log_loss", "eer")
_CURVES = Path("csv") / "metrics.csv"  # as in conf/logger/csv.yaml; epochs count from 1


class MedianPruning(pl.Callback):
    """Ends a training if its best epoch so far is below the median of what the sweep's other jobs had reached by then.

    It reads what the jobs have logged, so it needs no sweeper that knows of it, and jobs may run side by side. Jobs
    that were ended themselves count for the epochs that they reached. The best epoch is measured as ever.

    Args:
        path: this run's folder.
        dirpath: the folder of its sweep, which holds a folder for each job; outside of a sweep there is none.
        monitor: the metric that is compared; more is better, so it is an AUC, average precision, accuracy or the like.
        min_jobs: nothing is ended before so many other jobs have reached the epoch.
        min_epochs: a job has at least so many epochs.

    Raises:
        ConfigError: less of the metric is better.

    Source: Golovin et al. 2017, Google Vizier, section 3.2.2 (median stopping rule).
    Differs: the others count with their best epoch so far and not with their mean, since the best one is the result.
    """

    def __init__(
        self,
        path: PathName,
        dirpath: PathName,
        monitor: Word = "val/video/auc",
        min_jobs: Count = 5,
        min_epochs: Count = 2,
    ) -> None:
        if monitor.rpartition("/")[2] in _LESS_IS_BETTER:
            raise ConfigError(
                f"callbacks.pruning.monitor={monitor}: less of it is better, and pruning keeps the jobs with more: use "
                "val/video/auc"
            )
        self.path = Path(path)
        self.dirpath = Path(dirpath)
        self.monitor = monitor
        self.min_jobs = min_jobs
        self.min_epochs = min_epochs

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        if self.dirpath.resolve() not in self.path.resolve().parents:
            log.warning("callbacks=pruning has no effect outside of a sweep: it compares the jobs of one (-m)")
        elif all(logger.name != _CURVES.parent.name for logger in trainer.loggers):
            log.warning("callbacks=pruning has no effect, since this run logs no %s: use logger=csv or wandb", _CURVES)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        if epoch < self.min_epochs or epoch == trainer.max_epochs:
            return
        why = trainer.strategy.broadcast(self.verdict(epoch) if trainer.is_global_zero else None)
        if why is not None:
            trainer.should_stop = True
            if trainer.is_global_zero:
                write_atomic(self.path / NOTE, f"{why}\n".encode())
                log.info("ended early, %s", why)

    def verdict(self, epoch: int) -> str | None:
        """Return why this run is to end after an epoch; None if it goes on.

        Args:
            epoch: the epoch, counted from 1.
        """
        own = best_until(self.path, epoch, self.monitor)
        folders = [path.parents[1] for path in self.dirpath.glob(f"*/{_CURVES}")]
        others = [
            best_until(folder, epoch, self.monitor) for folder in folders if folder.resolve() != self.path.resolve()
        ]
        reached = [best for best in others if best is not None]
        if own is None or len(reached) < self.min_jobs or own >= (median := statistics.median(reached)):
            return None
        return f"after epoch {epoch}: {self.monitor} {own:.3f}, the median of {len(reached)} other jobs is {median:.3f}"


def best_until(folder: Path, epoch: int, monitor: str) -> float | None:
    """Return the highest value of a metric in a job's first epochs; None if it was not measured at the last of these.

    Args:
        folder: the job's folder.
        epoch: the last epoch that counts, from 1.
        monitor: the metric.
    """
    try:
        rows = pd.read_csv(folder / _CURVES, usecols=["epoch", monitor]).dropna()
    except (OSError, ValueError):  # it has logged nothing yet, or not this
        return None
    if epoch not in set(rows["epoch"]):
        return None
    return float(rows.loc[rows["epoch"] <= epoch, monitor].max())
