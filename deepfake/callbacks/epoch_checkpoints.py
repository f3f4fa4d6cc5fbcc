"""Saves a checkpoint after every epoch: `epoch_001.ckpt`, ..., and `last.ckpt`, from which a run resumes."""

from pathlib import Path
from typing import Literal

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from deepfake.ranges import Count, PathName


class EpochCheckpoints(Checkpoint):
    """Saves the whole state of a training after each epoch, and removes the checkpoints that are not kept.

    Differs: Lightning's ModelCheckpoint cannot keep the last few, counts epochs from 0 and puts `=` into names.

    Args:
        dirpath: the folder of the checkpoints.
        keep: `all` keeps the checkpoints of all epochs, a number those of so many latest epochs, and `best` none, since
            another callback saves `best.ckpt`. `last.ckpt` is always saved.
    """

    def __init__(self, dirpath: PathName, keep: Literal["all", "best"] | Count = "all") -> None:
        self.dirpath = Path(dirpath)
        self.keep = keep

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save before removing, so that a run that is killed in between keeps one checkpoint too many."""
        epoch = trainer.current_epoch + 1
        if self.keep != "best":
            trainer.save_checkpoint(self._path(epoch), weights_only=False)
        trainer.save_checkpoint(self.dirpath / "last.ckpt", weights_only=False)
        if self.keep != "all":
            self._remove_up_to(trainer, epoch - (0 if self.keep == "best" else self.keep))

    def _remove_up_to(self, trainer: pl.Trainer, epoch: int) -> None:
        """Remove older ones too: this run may have been resumed with another `keep`, or killed before removing."""
        for path in self.dirpath.glob("epoch_*.ckpt"):
            number = path.stem.removeprefix("epoch_")
            if number.isdecimal() and int(number) <= epoch:
                trainer.strategy.remove_checkpoint(path)

    def _path(self, epoch: int) -> Path:
        return self.dirpath / f"epoch_{epoch:03d}.ckpt"
