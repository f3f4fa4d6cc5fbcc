"""Writes and shows the results of a training run: its metrics, pictures and a table on screen."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pytorch_lightning.loggers import Logger

from deepfake.corpora.fitness import data_caption
from deepfake.evaluation import Outcome, evaluate_scores, with_people, with_unscored
from deepfake.explain import BesideReal
from deepfake.loggers.wandb import is_wanted, log_page, log_results, max_faces, where_to_look
from deepfake.report.page import content_beside, page_beside
from deepfake.report.plots import Subject
from deepfake.report.results import covered, draw_videos, most_wrong, video_table, write_metrics
from deepfake.report.tables import show_metrics, show_paths
from deepfake.schema import Split, Video
from deepfake.store import FaceStore


def write_results(
    folder: Path,
    metrics: Mapping[str, float],
    data: Mapping[str, Any],
    facts: Mapping[str, Any],
    best: Path,
    loggers: Sequence[Logger],
    store: FaceStore,
    tested: Sequence[Video],
) -> None:
    """Write `metrics.json`, the numbers with their intervals, the pictures and the page; log and show them.

    Args:
        folder: the run's folder; it holds `predictions.csv` if there was a test.
        metrics: the best epoch's metrics, `<split>/<level>/<name>` -> value.
        data: the data card of the videos that were scored.
        facts: other facts about the run for `metrics.json`.
        best: the checkpoint of the best epoch.
        loggers: the run's loggers.
        store: the store that holds the faces.
        tested: the videos of the test split.
    """
    facts = {**facts, "checkpoint": os.path.relpath(best, folder)}
    paths: dict[str, Path | str] = {"run": folder, "checkpoint": best}
    paths["metrics"] = write_metrics(folder, metrics, data, facts)
    if any(name.startswith("test/") for name in metrics):  # an older file may be there if this run was resumed
        paths["predictions"] = folder / "predictions.csv"
        aggregate = facts["scoring"]["aggregate"]
        subject = Subject(data["corpus"], Split.TEST, facts["model"], aggregate)
        table = pd.read_csv(folder / "predictions.csv", dtype={"video_id": str, "method": str}, keep_default_na=False)
        outcome = measured_test(table, tested, facts)
        log_faces(video_table(table, aggregate), outcome.numbers, loggers, store)
        paths |= {**outcome.write(folder), **draw_videos(folder, subject, outcome.drawn, outcome.sure)}
    paths |= page_beside(folder, store.image, BesideReal(store, tested))
    if is_wanted(loggers) and (shared := content_beside(folder)):
        log_page(loggers, shared.pictures, shared.tables)
    scored = {split: counts for split, counts in data["coverage"].items() if split != "train"}
    show_metrics(metrics, scored, covered(scored), data_caption(data))
    if line := where_to_look(loggers):
        paths["wandb"] = line
    show_paths(paths)


def measured_test(table: pd.DataFrame, tested: Sequence[Video], facts: Mapping[str, Any]) -> Outcome:
    """Measure the test that stands in `predictions.csv`, as `scripts/evaluate.py` does."""
    clips, people = with_people(with_unscored(table, tested), tested)
    return evaluate_scores(clips, "exclude", facts["seed"], people, facts["scoring"]["aggregate"])


def log_faces(videos: pd.DataFrame, numbers: pd.DataFrame, loggers: Sequence[Logger], store: FaceStore) -> None:
    """Send the test's numbers to the loggers, and, if they may get it, a table of its most wrong videos with a face."""
    shown = most_wrong(videos, max_faces(loggers))
    faces = [store.image(row.video_id, row.track, row.start) for row in shown.itertuples()]
    sheets = {"faces/contact_sheet": store.root / "contact_sheet.jpg"} if max_faces(loggers) else {}
    sent = {key: path for key, path in sheets.items() if path.is_file()}
    auc = numbers[(numbers["level"] == "video") & (numbers["by"] == "all") & (numbers["metric"] == "auc")]
    ends = {f"test/video/auc_{end}": float(auc[end].iloc[0]) for end in ("low", "high") if auc[end].notna().all()}
    log_results(loggers, sent, shown.assign(face=faces), numbers, ends)
