"""The curves of a run that goes on: what was logged before the checkpoint is kept, so that they have no gap."""

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from pytorch_lightning.loggers import CSVLogger, Logger

from deepfake.atomic import write_atomic
from deepfake.checkpoints import Checkpoint

log = logging.getLogger(__name__)
FILE = Path("csv") / "metrics.csv"  # as conf/logger/csv.yaml has it
EARLIER = "earlier.csv"  # holds the rows while Lightning removes its file


def earlier_curves(resumed: Checkpoint) -> pd.DataFrame | None:
    """The rows that a run had logged when it saved a checkpoint; None where its folder has none, or a damaged file.

    Args:
        resumed: in the run's folder `checkpoints`.
    """
    path = resumed.path.parent.parent / FILE
    if not path.is_file():
        path = path.with_name(EARLIER)  # a run was killed when it had just gone on
    if not path.is_file():
        return None
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)  # as text, so that no digit changes
        return rows[pd.to_numeric(rows["step"]) < resumed.content["global_step"]]
    except (ValueError, KeyError) as error:  # pandas' own errors are ValueErrors
        log.warning("%s is damaged (%s): the curves go on without the rows before", path, " ".join(str(error).split()))
        return None


def carry_curves(loggers: Iterable[Logger], rows: pd.DataFrame | None) -> None:
    """Put earlier rows before what a run logs. Lightning begins its file anew, also in the folder of the same run."""
    for logger in loggers:
        if isinstance(logger, CSVLogger) and rows is not None and len(rows):
            kept = Path(logger.log_dir) / EARLIER
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, rows.to_csv(index=False).encode())
            writer = logger.experiment  # which removes what is there
            kept.replace(writer.metrics_file_path)
            writer.metrics_keys = list(rows.columns)
