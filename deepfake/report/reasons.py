"""Logs why videos could not be used, and how their pictures were changed."""

import logging

import pandas as pd

from deepfake.schema import Status

log = logging.getLogger(__name__)
NUM_REASONS = 5  # the most reasons to log


def log_reasons(rows: pd.DataFrame, table: str, at_most: int = NUM_REASONS) -> None:
    """Log the first reasons why videos could not be used, or only in part; failed videos come first.

    Args:
        rows: `status` and `reason` of each video, indexed by its name.
        table: the file that lists all reasons, for a message.
        at_most: the most reasons to log.
    """
    remarks = rows[rows["reason"] != ""].sort_values(
        "status", key=lambda status: status != Status.FAILED, kind="stable"
    )
    for name, row in remarks.head(at_most).iterrows():
        log.warning("%s: %s (%s)", name, row["status"], row["reason"])
    if len(remarks) > at_most:
        log.warning("and %d more: see the column reason of %s", len(remarks) - at_most, table)


def log_remarks(rows: pd.DataFrame, table: str) -> None:
    """Log how many videos' pictures were changed to look as in a player, and the first of these videos.

    Args:
        rows: `remarks` of each video, indexed by its name.
        table: the file that lists all remarks, for a message.
    """
    changed = rows[rows["remarks"] != ""]
    if len(changed):
        number = len(changed)
        more = f"; {number} videos have remarks: see the column remarks of {table}" if number > 1 else ""
        log.info("%s: %s%s", changed.index[0], changed["remarks"].iloc[0], more)
