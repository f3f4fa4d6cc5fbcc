"""Shows verdicts on screen, and why files have none."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from deepfake.report.reasons import log_reasons, log_remarks
from deepfake.report.tables import show
from deepfake.verdict.result import FileResult
from deepfake.verdict.tables import score_column

MOST_ROWS = 100  # of the table on screen


class Summary:
    """Gathers of many results what is shown on screen: counts, the first rows, and the first reasons.

    Args:
        detectors: names of several detectors, each of which has a column; empty for one alone.

    Attributes:
        num_unread: files that could not be read.
    """

    def __init__(self, detectors: Sequence[str] = ()) -> None:
        self.num_unread = 0
        self._own = [score_column(name) for name in detectors]
        self._uncalibrated = False
        self._counts: Counter[str] = Counter()
        self._rows: list[list[object]] = []
        self._told: list[tuple[str, str, str, str]] = []

    def add(self, name: str, result: FileResult) -> None:
        """Count a result.

        Args:
            name: how people are told of the file.
            result: its result.
        """
        words = str(result.because or result.verdict)
        self._counts[words] += 1
        self.num_unread += not result.readable
        if len(self._rows) < MOST_ROWS:
            seen = f"{result.num_sampled} of {result.num_frames}"
            seconds = f"{result.seen_s:.1f} of {result.duration_s:.1f}" if result.duration_s else None
            scores = [result.score, *(each.score for each in result.detectors), result.calibrated, result.error_rate]
            self._rows.append([name, words, *scores, result.num_faces, result.num_clips, seen, seconds])
        self._uncalibrated |= result.score is not None and result.calibrated is None
        if result.reason or result.remarks:
            self._told.append((name, words, result.reason, result.remarks))

    def show(self) -> None:
        """Print the table of the first files and the counts of all, and log the first reasons."""
        total = self._counts.total()
        counts = ", ".join(f"{count} {words}" for words, count in self._counts.items())
        more = f"{total - MOST_ROWS} more files: see predictions.csv" if total > MOST_ROWS else ""
        heads = [
            "file",
            "verdict",
            "score",
            *self._own,
            "calibrated",
            "wrong on val",
            "faces",
            "clips",
            "frames seen",
            "seconds seen",
        ]
        plain = "scores are not calibrated; fake is a score above 0.5"
        show(f"predictions of {total} files: {counts}", heads, self._rows, more, plain if self._uncalibrated else "")
        told = pd.DataFrame(self._told, columns=["name", "status", "reason", "remarks"]).set_index("name")
        log_reasons(told, "predictions.csv", at_most=MOST_ROWS)
        log_remarks(told, "predictions.csv")
