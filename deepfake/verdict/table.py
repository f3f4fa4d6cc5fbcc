"""The verdicts on screen, and whether there is any."""

import pandas as pd

from deepfake.errors import ConfigError, ExtractionError
from deepfake.faces.setbacks import cure
from deepfake.report.reasons import log_reasons, log_remarks
from deepfake.report.tables import show
from deepfake.schema import Status
from deepfake.verdict.score_files import COLUMNS


def show_predictions(table: pd.DataFrame) -> None:
    """The table on screen, in fewer columns, and the first reasons below it.

    Args:
        table: `COLUMNS`.
    """
    looked_at = [
        f"{sampled} of {shown}" for sampled, shown in zip(table["num_sampled"], table["num_frames"], strict=True)
    ]
    shown = table[COLUMNS[:6]].assign(looked_at=looked_at, seconds=table["duration_s"].map("{:.1f}".format))
    columns = [name.removeprefix("num_").replace("_", " ") for name in shown]
    show("predictions", columns, shown.astype(object).fillna("").to_numpy().tolist())
    log_reasons(table.set_index("path"), "predictions.csv")
    log_remarks(table.set_index("path"), "predictions.csv")


def require_readable(table: pd.DataFrame, source: str) -> None:
    """
    Args:
        table: `COLUMNS`.
        source: the files' folder, or the file.

    Raises:
        ConfigError: no file can be read.
        ExtractionError: none could be worked on, and for one at least that is not known to be its own fault.
    """
    failed = table[table["status"] == Status.FAILED]
    if not table["status"].isin([Status.UNREADABLE, Status.FAILED]).all():
        return
    if len(failed):
        reason = failed["reason"].iloc[0]
        raise ExtractionError(
            f"none of the {len(table)} files under input={source} could be scored; {len(failed)} failed through no "
            f"fault of their own, the first with: {reason}. {cure(reason)}, and give the same command again"
        )
    raise ConfigError(f"none of the {len(table)} files under input={source} is a video that can be read")
