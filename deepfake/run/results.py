"""What a run leaves beside its checkpoints: numbers, pictures, and a table on screen."""

import json
import logging
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pytorch_lightning.loggers import Logger

from deepfake.atomic import write_atomic
from deepfake.loggers.wandb import log_results, max_faces, where_to_look
from deepfake.report.plots import Subject, roc_figure, save, score_figure
from deepfake.report.tables import show_metrics, show_paths
from deepfake.run.fitness import data_caption
from deepfake.schema import Split
from deepfake.scoring import video_scores
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


def leave(
    folder: Path,
    metrics: Mapping[str, float],
    data: Mapping[str, Any],
    facts: Mapping[str, Any],
    best: Path,
    loggers: Sequence[Logger],
    store: FaceStore,
) -> None:
    """Write `metrics.json` and the pictures, log them, and show where all of it is.

    Args:
        folder: of the run; `predictions.csv` is in it if there was a test.
        metrics: `<split>/<level>/<name>` -> value, of the best epoch.
        data: what they were measured on.
        facts: of the run, that `metrics.json` is to have beside them.
        best: the checkpoint they belong to.
        loggers: of the run.
        store: holds the faces.
    """
    facts = {**facts, "checkpoint": os.path.relpath(best, folder)}
    paths: dict[str, Path | str] = {"run": folder, "checkpoint": best}
    paths["metrics"] = write_metrics(folder, metrics, data, facts)
    if (folder / "predictions.csv").exists():
        paths["predictions"] = folder / "predictions.csv"
        paths |= draw(folder, loggers, store, Subject(data["corpus"], Split.TEST, facts["model"]))
    show_metrics(metrics, data_caption(data))
    say_coverage({split: counts for split, counts in data["coverage"].items() if split != "train"})
    if line := where_to_look(loggers):
        paths["wandb"] = line
    show_paths(paths)


def write_metrics(
    folder: Path, metrics: Mapping[str, float], data: Mapping[str, Any], facts: Mapping[str, Any]
) -> Path:
    """Write `metrics.json`: the numbers with their coverage, what they were measured on, and other facts."""
    coverage = data["coverage"].items()
    shares = {f"{split}/video/coverage": c["scored"] / c["videos"] for split, c in coverage if c["videos"]}
    shares |= {f"{split}/video/main_whole": c["main_whole"] / c["scored"] for split, c in coverage if c["scored"]}
    known = {key: None if math.isnan(value) else value for key, value in metrics.items()}  # JSON has no NaN
    content = {"metrics": {**known, **shares}, "data": data, **facts}
    write_atomic(folder / "metrics.json", json.dumps(content, indent=2).encode())
    return folder / "metrics.json"


def say_coverage(coverage: Mapping[str, Mapping[str, int]]) -> None:
    """How many videos of each split have a score, and in how many the main face is found in every segment."""
    log.info("videos scored: %s", covered(coverage))


def covered(coverage: Mapping[str, Mapping[str, int]]) -> str:
    """Coverage in words.

    Example:
        >>> covered({"test": {"videos": 19, "scored": 17, "main_whole": 15}})
        'test 17 of 19, main track whole in 15'
    """
    return "; ".join(
        f"{split} {counts['scored']} of {counts['videos']}, main track whole in {counts['main_whole']}"
        for split, counts in coverage.items()
    )


def draw(folder: Path, loggers: Sequence[Logger], store: FaceStore, subject: Subject) -> dict[str, Path]:
    """Draw the test, and send the pictures and a table of its videos to the loggers."""
    videos = video_table(
        pd.read_csv(folder / "predictions.csv", dtype={"video_id": str, "method": str}, keep_default_na=False)
    )
    pictures = {"scores": save(score_figure(videos, subject), folder / "scores.png")}
    if videos["label"].nunique() == 2:
        pictures["roc"] = save(roc_figure(videos, subject), folder / "roc.png")
    shown = most_wrong(videos, max_faces(loggers))
    faces = [store.image(row.video_id, row.track, row.start) for row in shown.itertuples()]
    log_results(loggers, {f"test/{name}": path for name, path in pictures.items()}, shown.assign(face=faces))
    return pictures


def most_wrong(videos: pd.DataFrame, count: int) -> pd.DataFrame:
    """At most `count` videos, those first whose score is furthest from their label."""
    error = (videos["score"] - videos["label"]).abs()
    return videos.loc[error.sort_values(ascending=False, kind="stable").index[:count]]


def video_table(clips: pd.DataFrame) -> pd.DataFrame:
    """One row a video: its score; `track` and `start` are those of its first clip.

    Args:
        clips: as in `predictions.csv`.
    """
    first = {name: (name, "first") for name in ("label", "method", "track", "start")}
    table = clips.groupby("video_id", sort=True).agg(**first).reset_index()
    video = pd.factorize(clips["video_id"], sort=True)[0]
    return table.assign(score=video_scores(video, clips["track"].to_numpy(), clips["score"].to_numpy())[1])
