"""Writes the results of a test: its metrics as `metrics.json`, and its pictures."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.atomic import write_atomic
from deepfake.ranges import Aggregate, Prior
from deepfake.report.plots import Subject, roc_figure, save, score_figure
from deepfake.report.reliability import reliability_figure
from deepfake.report.uncertainty import Uncertainty
from deepfake.schema import Label
from deepfake.scoring import video_scores


def write_metrics(
    folder: Path, metrics: Mapping[str, float], data: Mapping[str, Any], facts: Mapping[str, Any]
) -> Path:
    """Write `metrics.json`: the metrics with their coverage, the data card and other facts, and return its path."""
    coverage = data["coverage"].items()
    shares = {f"{split}/video/coverage": c["scored"] / c["videos"] for split, c in coverage if c["videos"]}
    whole = {split: c["main_whole"] / c["scored"] for split, c in coverage if c["scored"] and "main_whole" in c}
    shares |= {f"{split}/video/main_whole": share for split, share in whole.items()}
    known = {key: None if math.isnan(value) else value for key, value in metrics.items()}  # JSON has no NaN
    content = {"metrics": {**known, **shares}, "data": data, **facts}
    write_atomic(folder / "metrics.json", json.dumps(content, indent=2).encode())
    return folder / "metrics.json"


def video_counts(videos: pd.DataFrame) -> dict[str, int]:
    """Return the numbers of `videos`, of those `scored`, and of these by class.

    Args:
        videos: `label`, `score`, one row a video.
    """
    scored = videos[videos["score"].notna()]
    by_class = {f"scored_{label.name.lower()}": int((scored["label"] == label).sum()) for label in Label}
    return {"videos": len(videos), "scored": len(scored), **by_class}


def covered(coverage: Mapping[str, Mapping[str, int]]) -> str:
    """Describe in words how many videos of each split and class have a score, and how many only in part.

    Example:
        >>> counts = {"videos": 19, "scored": 17, "main_whole": 15, "scored_real": 9, "scored_fake": 8}
        >>> covered({"test": counts})
        'test 17 of 19 videos (9 real, 8 fake), 2 without the main face in some segment'
        >>> covered({"val": {**counts, "videos": 17, "main_whole": 17}})
        'val 17 videos (9 real, 8 fake)'
    """
    return "; ".join(f"{split} {_covered(counts)}" for split, counts in coverage.items())


def _covered(counts: Mapping[str, int]) -> str:
    scored, videos = counts["scored"], counts["videos"]
    share = f"{scored}" if scored == videos else f"{scored} of {videos}"
    classes = ", ".join(  # older cards lack them
        f"{counts[key]} {name}" for name in ("real", "fake") if counts.get(key := f"scored_{name}") is not None
    )
    part = scored - counts.get("main_whole", scored)
    unlike = f", {part} without the main face in some segment" if part else ""
    return f"{share} videos" + (f" ({classes})" if classes else "") + unlike


def draw_videos(
    folder: Path, subject: Subject, videos: pd.DataFrame, sure: Uncertainty | None = None
) -> dict[str, Path]:
    """Draw the scores of videos and their ROC, and return the files by name.

    Args:
        folder: where the pictures go.
        subject: the data and the model, for the titles.
        videos: `label`, `method`, `score`, one row a video.
        sure: the bands around the curves of all of them.
    """
    pictures = {"scores": save(score_figure(videos, subject), folder / "scores.png")}
    if videos["label"].nunique() == 2:
        pictures["roc"] = save(roc_figure(videos, subject, sure), folder / "roc.png")
    return pictures


def draw_reliability(
    folder: Path,
    subject: Subject,
    videos: pd.DataFrame,
    prior: Prior,
    numbers: Mapping[str, Mapping[str, float]] | None,
) -> dict[str, Path]:
    """Draw how far scores can be believed before and after calibration, and return the file by name.

    Args:
        folder: where the picture goes.
        subject: the data and the model, for the title.
        videos: `label`, `score`, `calibrated`, one row a video.
        prior: the share of fakes that calibrated scores speak of.
        numbers: as `reliability_figure` takes them; None, as where one class lacks, draws nothing.
    """
    if numbers is None:
        return {}
    figure = reliability_figure(videos, prior, subject, numbers)
    return {"reliability": save(figure, folder / "reliability.png")}


def most_wrong(videos: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return at most `count` videos, starting with those whose score is furthest from their label."""
    error = (videos["score"] - videos["label"]).abs()
    return videos.loc[error.sort_values(ascending=False, kind="stable").index[:count]]


def video_table(clips: pd.DataFrame, aggregate: Aggregate = "mean") -> pd.DataFrame:
    """Return one row for each video with its score, sorted by `video_id`; all else is that of its first clip.

    Args:
        clips: `video_id`, `label`, `track`, `score` and what else there is, one row for each clip, as in
            `predictions.csv`. A video without a score has one row whose score is NaN.
        aggregate: how a track's clips become one score; see `deepfake.scoring`.
    """
    first = clips.drop(columns="score").drop_duplicates("video_id").sort_values("video_id").reset_index(drop=True)
    number = pd.factorize(clips["video_id"], sort=True)[0]
    scored = clips["score"].notna().to_numpy()
    track, score = (clips[name].to_numpy()[scored] for name in ("track", "score"))
    found, scores = video_scores(number[scored], track, score, aggregate)
    return first.assign(score=pd.Series(scores, found, float).reindex(first.index))
