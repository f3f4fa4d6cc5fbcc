"""A checkpoint after every epoch: `epoch_001.ckpt` of the first, and `last.ckpt` of the latest to go on from."""

from pathlib import Path
from typing import Literal

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from deepfake.ranges import Count, PathName


class EpochCheckpoints(Checkpoint):
    """Saves the whole state of a training when an epoch ends, and removes what is not kept.

    Differs: Lightning's ModelCheckpoint cannot keep the last few, counts epochs from 0 and puts `=` into names.

    Args:
        dirpath: the folder of the checkpoints.
        keep: the checkpoints of `all` epochs, or those of the last so many, or none but the `best` one's (which another
            callback saves as `best.ckpt`). `last.ckpt` is there in any case.
    """

    def __init__(self, dirpath: PathName, keep: Literal["all", "best"] | Count = "all") -> None:
        self.dirpath = Path(dirpath)
        self.keep = keep

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save, then remove: a run that is killed in between has one checkpoint too many and none too few."""
        epoch = trainer.current_epoch + 1
        if self.keep != "best":
            trainer.save_checkpoint(self._path(epoch), weights_only=False)
        trainer.save_checkpoint(self.dirpath / "last.ckpt", weights_only=False)
        if isinstance(self.keep, int) and epoch > self.keep:
            trainer.strategy.remove_checkpoint(self._path(epoch - self.keep))

    def _path(self, epoch: int) -> Path:
        return self.dirpath / f"epoch_{epoch:03d}.ckpt"
