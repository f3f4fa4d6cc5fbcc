"""Shows the progress of an epoch: as a bar on a terminal, and as log lines elsewhere. Epochs are counted from 1."""

import math
from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar

from deepfake.progress import Progress


def epoch_name(trainer: pl.Trainer) -> str:
    """Name the current epoch: `epoch 3 of 10`, or `epoch 3` if the number of epochs is unknown."""
    known = trainer.max_epochs not in (None, -1)
    return f"epoch {trainer.current_epoch + 1}" + (f" of {trainer.max_epochs}" if known else "")


class TrainingProgress(ProgressBar):
    """Shows each epoch, its validation and the test. A full bar disappears, but the epoch's log line stays."""

    def __init__(self) -> None:
        super().__init__()
        self._enabled = True
        self._epoch: Progress | None = None
        self._scoring: Progress | None = None

    def disable(self) -> None:
        """Show nothing; Lightning calls this in all processes but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Show progress again."""
        self._enabled = True

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._epoch = self._begin(epoch_name(trainer), trainer.num_training_batches)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._epoch is not None:
            loss = trainer.progress_bar_metrics.get("train/loss_step")
            note = f"loss {loss:#.3g}" if isinstance(loss, float) else ""
            self._epoch.update(batch_idx + 1 - self._epoch.done, note)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        name = f"val of {epoch_name(trainer)}" if trainer.training or self._epoch else "val"
        if self._epoch is not None and self._epoch.done == self._epoch.total:
            self._end()  # the epoch's last line comes before those of val, and its time is that of the training
        self._scoring = self._begin(name, trainer.num_val_batches)

    def on_validation_batch_end(self, *_: Any, **__: Any) -> None:
        self._advance()

    def on_validation_end(self, *_: Any) -> None:
        self._end_scoring()

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._scoring = self._begin("test", trainer.num_test_batches)

    def on_test_batch_end(self, *_: Any, **__: Any) -> None:
        self._advance()

    def on_test_end(self, *_: Any) -> None:
        self._end_scoring()

    def on_exception(self, *_: Any) -> None:
        self._end()

    def teardown(self, *_: Any, **__: Any) -> None:
        self._end()

    def _begin(self, what: str, batches: float | Sequence[float]) -> Progress | None:
        total = sum(batches) if isinstance(batches, Sequence) else batches
        return (
            Progress(what, "batches", int(total) if math.isfinite(total) else None, keep=False)
            if self._enabled
            else None
        )

    def _advance(self) -> None:
        if self._scoring is not None:
            self._scoring.update()

    def _end_scoring(self) -> None:
        if self._scoring is not None:
            self._scoring.close()
        self._scoring = None

    def _end(self) -> None:
        self._end_scoring()
        if self._epoch is not None:
            self._epoch.close()
        self._epoch = None
