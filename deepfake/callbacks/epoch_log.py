"""Logs a line for every epoch, so that a run without a terminal can be followed."""

import logging
import time

import pytorch_lightning as pl

from deepfake.callbacks.training_progress import epoch_name
from deepfake.progress import duration

log = logging.getLogger(__name__)
# Metric -> its name in the log, and its format: losses can be tiny, unlike shares.
SHOWN = {
    "train/loss_epoch": ("train loss", "#.3g"),
    "val/video/auc": ("val AUC", ".3f"),
    "val/video/log_loss": ("val log-loss", "#.3g"),
}


class EpochLog(pl.Callback):
    """Logs the loss and the metrics of val videos when an epoch ends."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.start = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            numbers = trainer.callback_metrics
            shown = [f"{word} {float(numbers[name]):{form}}" for name, (word, form) in SHOWN.items() if name in numbers]
            took = duration(time.perf_counter() - self.start)
            log.info("%s: %s (%s)", epoch_name(trainer), ", ".join(shown), took)
