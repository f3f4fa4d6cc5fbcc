"""The curves of a run that goes on: what was logged before the checkpoint is kept, so that they have no gap."""

import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from pytorch_lightning.loggers import CSVLogger, Logger

from deepfake.atomic import write_atomic
from deepfake.run.checkpoint import Checkpoint

FILE = Path("csv") / "metrics.csv"  # as conf/logger/csv.yaml has it


def earlier_curves(resumed: Checkpoint) -> pd.DataFrame | None:
    """The rows that a run had logged when it saved a checkpoint; None where its folder has none.

    Args:
        resumed: in the run's folder `checkpoints`.
    """
    path = resumed.path.parent.parent / FILE
    if not path.is_file():
        return None
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)  # as text, so that no digit changes
    return rows[pd.to_numeric(rows["step"]) < resumed.content["global_step"]]


def carry_curves(loggers: Iterable[Logger], rows: pd.DataFrame | None) -> None:
    """Put earlier rows before what a run logs. Lightning begins its file anew, also in the folder of the same run."""
    for logger in loggers:
        if isinstance(logger, CSVLogger) and rows is not None and len(rows):
            writer = logger.experiment
            content = io.StringIO()
            rows.to_csv(content, index=False)
            write_atomic(Path(writer.metrics_file_path), content.getvalue().encode())
            writer.metrics_keys = list(rows.columns)
