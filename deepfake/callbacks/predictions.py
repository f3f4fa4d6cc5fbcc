"""Writes the test scores, one row for each clip, from which all metrics can be computed again without a GPU."""

from pathlib import Path

import pandas as pd
import pytorch_lightning as pl

from deepfake.atomic import write_atomic
from deepfake.data.datamodule import ClipDataModule
from deepfake.ranges import PathName
from deepfake.schema import Split
from deepfake.task import DetectorTask

COLUMNS = ["video_id", "label", "method", "track", "start", "score"]


class Predictions(pl.Callback):
    """Writes `predictions.csv` after a test.

    Args:
        path: the file, with columns `COLUMNS`: `start` is the clip's first frame, `score` is P(fake) in full precision.
    """

    def __init__(self, path: PathName) -> None:
        self.path = Path(path)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        datamodule = trainer.datamodule  # type: ignore[attr-defined]  # Lightning sets it at run time
        assert isinstance(pl_module, DetectorTask) and isinstance(datamodule, ClipDataModule)
        if trainer.is_global_zero:
            rows = pl_module.test_rows
            clips = datamodule.datasets[Split.TEST].clips.frame(rows["index"])
            table: pd.DataFrame = clips.assign(score=rows["score"])[COLUMNS]
            write_atomic(self.path, table.to_csv(index=False).encode())
