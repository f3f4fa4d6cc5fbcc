"""The outcome of an evaluation, from the scores of clips: the same for a checkpoint and for a table of predictions."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.atomic import write_atomic
from deepfake.calibration import Calibration
from deepfake.corpora.groups import GroupedBy
from deepfake.evaluation.missing import BELOW, Missing, bounds, counted, coverage
from deepfake.evaluation.predictions import OF_VIDEO
from deepfake.evaluation.table import AFTER, BEFORE, numbers_table
from deepfake.metrics.numbers import MEANS
from deepfake.ranges import Aggregate
from deepfake.report.results import video_counts, video_table
from deepfake.report.uncertainty import Uncertainty, curve_uncertainty


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured.

    Attributes:
        videos: one row a video, with `score` NaN where it has none, and with `calibrated` if there is a calibration.
        measured: the videos that count, each with a score.
        numbers: see `numbers_table`.
        bounds: metric -> the least and the most that it could be, if videos lack a score; else empty.
        missing: what happened to videos without a score.
        seed: of the bootstrap.
    """

    videos: pd.DataFrame
    measured: pd.DataFrame
    numbers: pd.DataFrame
    bounds: dict[str, tuple[float, float]]
    missing: Missing
    seed: int

    def metrics(self, split: str) -> dict[str, float]:
        """Return the metrics of all videos and clips, `<split>/<level>/<name>` -> value, NaN where it is undefined."""
        every = self.numbers[self.numbers["by"] == "all"]
        return {
            f"{split}/{row.level}/{row.metric}": math.nan if row.value is None else float(row.value)
            for row in every.itertuples()
        }

    def counts(self) -> dict[str, int]:
        """Return the numbers of `videos`, of those `scored`, and of these by class."""
        return video_counts(self.videos)

    @property
    def drawn(self) -> pd.DataFrame:
        """The videos for pictures, with a `method`: those that count, or all, whose titles name the unscored."""
        videos = self.videos if self.missing == "exclude" else self.measured
        return videos if "method" in videos else videos.assign(method=videos["label"].map({0: "real", 1: "fake"}))

    @property
    def sure(self) -> Uncertainty | None:
        """The bands around the curves of the videos that count; None of one class alone."""
        if self.measured["label"].nunique() < 2:
            return None
        every = self.numbers.query("level == 'video' and by == 'all' and metric == 'auc'")
        return curve_uncertainty(self.measured, every["resampled"].iloc[0], self.seed)

    @property
    def believed(self) -> dict[str, dict[str, float]] | None:
        """Return `before` and `after` calibration -> name -> number of all videos; None if there is none to compare."""
        every = self.metrics("")
        named = {
            suffix.strip("_"): {name: every.get(f"/video/{name}{suffix}", math.nan) for name in MEANS}
            for suffix in (BEFORE, AFTER)
        }
        return None if math.isnan(named["after"]["ece"]) else named

    def caption(self) -> str:
        """Say what happened to videos without a score, and how far they could move numbers; empty if there are none."""
        absent = len(self.videos) - self.counts()["scored"]
        if not absent:
            return ""
        rule = {"exclude": "left out", "real": "counted as certain reals", "fake": "counted as certain fakes"}
        what = rule.get(str(self.missing), f"counted with the score {self.missing}")
        ends = [f"{name} {low:.3f} to {high:.3f}" for name, (low, high) in self.bounds.items() if not math.isnan(low)]
        possible = f"; whatever they had got, {', '.join(ends)}" if ends else ""
        those = "video without a score is" if absent == 1 else "videos without a score are"
        return f"{absent} {those} {what} (missing={self.missing}){possible}"

    def facts(self) -> dict[str, Any]:
        """Return what `metrics.json` holds beside the metrics."""
        ends = {name: [*ends] for name, ends in self.bounds.items()}
        return {"missing": self.missing, "bounds": ends, "bootstrap": {"seed": self.seed}}

    def write(self, folder: Path) -> dict[str, Path]:
        """Write `numbers.csv` and `videos.csv`, and return their paths by name."""
        tables = {"numbers": self.numbers, "videos": self.videos}
        for name, table in tables.items():
            write_atomic(folder / f"{name}.csv", table.to_csv(index=False).encode())
        return {name: folder / f"{name}.csv" for name in tables}


def evaluate_scores(
    clips: pd.DataFrame,
    missing: Missing,
    seed: int,
    people: GroupedBy = "people",
    aggregate: Aggregate = "mean",
    calibration: Calibration | None = None,
) -> Outcome:
    """Measure scores.

    Args:
        clips: as `video_table` takes them.
        missing: see `counted`.
        seed: of the bootstrap.
        people: what `person` tells apart.
        aggregate: how a track's clips become one score; see `deepfake.scoring`.
        calibration: of the scores of videos by this rule; None if there is none.
    """
    videos = video_table(clips, aggregate)
    videos = videos[["video_id", *(name for name in OF_VIDEO if name in videos), "score"]]
    if calibration is not None:
        videos = videos.assign(calibrated=calibration.apply(videos["score"]))
    measured = counted(videos, missing)
    if calibration is not None:  # a video without a score may have got one
        measured = measured.assign(calibrated=calibration.apply(measured["score"]))
    scored = clips[clips["score"].notna()].reset_index(drop=True)
    numbers = numbers_table(scored, measured, every=videos, people=people, seed=seed, calibration=calibration)
    ends = bounds(videos) if coverage(videos) < BELOW else {}
    return Outcome(videos, measured, numbers, ends, missing, seed)
