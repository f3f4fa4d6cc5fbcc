"""Shows verdicts on screen, and stops if no file could be scored."""

from collections import Counter

import pandas as pd

from deepfake.errors import ConfigError, ExtractionError
from deepfake.faces.setbacks import cure
from deepfake.report.reasons import log_reasons, log_remarks
from deepfake.report.tables import show
from deepfake.schema import Status


def show_predictions(table: pd.DataFrame) -> None:
    """Print the most important columns, and below them the first reasons why files could not be scored.

    Args:
        table: `COLUMNS` of `deepfake.verdict.score_files`.
    """
    rows = []
    for row in table.itertuples():
        scored = not pd.isna(row.score)
        verdict, score = (row.verdict, row.score) if scored else (row.status.replace("_", " "), None)
        rows.append([row.path, verdict, score, row.num_faces, row.num_clips, f"{row.num_sampled} of {row.num_frames}"])
    counts = Counter(row[1] for row in rows)
    title = f"predictions of {len(rows)} files: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}"
    show(title, ["file", "verdict", "score", "faces", "clips", "frames seen"], rows)
    log_reasons(table.set_index("path"), "predictions.csv")
    log_remarks(table.set_index("path"), "predictions.csv")


def require_readable(table: pd.DataFrame, source: str) -> None:
    """Stop unless at least one file could be read.

    Args:
        table: `COLUMNS` of `deepfake.verdict.score_files`.
        source: the files' folder, or the file.

    Raises:
        ConfigError: no file is a readable video.
        ExtractionError: no file could be read, and at least one may be readable but failed.
    """
    failed = table[table["status"] == Status.FAILED]
    if not table["status"].isin([Status.UNREADABLE, Status.FAILED]).all():
        return
    if len(failed):
        reason = failed["reason"].iloc[0]
        raise ExtractionError(
            f"none of the {len(table)} files under input={source} could be scored; {len(failed)} failed for reasons "
            f"outside of the files, the first with: {reason}. {cure(reason)}, and give the same command again"
        )
    raise ConfigError(f"none of the {len(table)} files under input={source} is a readable video")
