"""Keeps the curves of a resumed run whole: what was logged before the checkpoint stays in them."""

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from pytorch_lightning.loggers import CSVLogger, Logger

from deepfake.atomic import write_atomic
from deepfake.checkpoints import Checkpoint

log = logging.getLogger(__name__)
FILE = Path("csv") / "metrics.csv"  # as in conf/logger/csv.yaml
EARLIER = "earlier.csv"  # holds the rows while Lightning removes its file


def earlier_curves(resumed: Checkpoint) -> pd.DataFrame | None:
    """Return the rows that a run had logged when it saved a checkpoint; None if they are missing or damaged.

    Args:
        resumed: a checkpoint in the run's folder `checkpoints`.
    """
    path = resumed.path.parent.parent / FILE
    if not path.is_file():
        path = path.with_name(EARLIER)  # a run was killed just after it was resumed
    if not path.is_file():
        return None
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)  # as text, so that no digit changes
        return rows[pd.to_numeric(rows["step"]) < resumed.content["global_step"]]
    except (ValueError, KeyError) as error:  # pandas' own errors are ValueErrors
        log.warning("%s is damaged (%s): the curves lose their earlier rows", path, " ".join(str(error).split()))
        return None


def carry_curves(loggers: Iterable[Logger], rows: pd.DataFrame | None) -> None:
    """Put earlier rows before what a run logs, since Lightning starts a new file even in the same run's folder."""
    for logger in loggers:
        if isinstance(logger, CSVLogger) and rows is not None and len(rows):
            kept = Path(logger.log_dir) / EARLIER
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, rows.to_csv(index=False).encode())
            writer = logger.experiment  # this removes the existing file
            kept.replace(writer.metrics_file_path)
            writer.metrics_keys = list(rows.columns)
