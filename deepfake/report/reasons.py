"""Why videos could not be used, and what was changed in their pictures, in log lines."""

import logging

import pandas as pd

from deepfake.schema import Status

log = logging.getLogger(__name__)
NUM_REASONS = 5  # that are told on screen


def log_reasons(rows: pd.DataFrame, table: str) -> None:
    """Tell why videos could not be used, or not as a whole: the first few, those that failed before the others.

    Args:
        rows: `status` and `reason` of each; index: how a video is called.
        table: where all are listed, for a message.
    """
    remarks = rows[rows["reason"] != ""].sort_values(
        "status", key=lambda status: status != Status.FAILED, kind="stable"
    )
    for name, row in remarks.head(NUM_REASONS).iterrows():
        log.warning("%s: %s (%s)", name, row["status"], row["reason"])
    if len(remarks) > NUM_REASONS:
        log.warning("and %d more: see the column reason of %s", len(remarks) - NUM_REASONS, table)


def log_remarks(rows: pd.DataFrame, table: str) -> None:
    """Tell how many pictures were changed so that they are as a player shows them, and the first of them.

    Args:
        rows: `remarks` of each; index: how a video is called.
        table: where all are listed, for a message.
    """
    changed = rows[rows["remarks"] != ""]
    if len(changed):
        more = (
            f"; so or otherwise in {len(changed)} videos: see the column remarks of {table}" if len(changed) > 1 else ""
        )
        log.info("%s: %s%s", changed.index[0], changed["remarks"].iloc[0], more)
