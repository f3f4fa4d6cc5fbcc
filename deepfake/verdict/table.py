"""Shows verdicts on screen, and why files have none."""

from collections import Counter

import pandas as pd

from deepfake.report.reasons import log_reasons, log_remarks
from deepfake.report.tables import show
from deepfake.verdict.result import FileResult

MOST_ROWS = 100  # of the table on screen


class Summary:
    """Gathers of many results what is shown on screen: counts, the first rows, and the first reasons.

    Attributes:
        num_unread: files that could not be read.
    """

    def __init__(self) -> None:
        self.num_unread = 0
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
            scores = [result.score, result.calibrated, result.error_rate]
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
