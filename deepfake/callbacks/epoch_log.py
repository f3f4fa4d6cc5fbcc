"""Log a line for every epoch, so that a run without a terminal can be followed."""

import logging
import time

import pytorch_lightning as pl

log = logging.getLogger(__name__)
SHOWN = ("train/loss_epoch", "val/clip/auc", "val/video/auc", "val/video/log_loss")


class EpochLog(pl.Callback):
    """Logs loss and val metrics when an epoch ends."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.start = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            numbers = trainer.callback_metrics
            shown = ", ".join(f"{name} {float(numbers[name]):.4f}" for name in SHOWN if name in numbers)
            seconds = time.perf_counter() - self.start
            log.info("epoch %d of %s: %s (%.0f s)", trainer.current_epoch + 1, trainer.max_epochs, shown, seconds)
