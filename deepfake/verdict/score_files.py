"""Scores files whose faces are in a store, and gives each a verdict."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from deepfake.data.augment import NoAugmentation
from deepfake.data.clips import find_clips
from deepfake.data.dataset import CLIP_COLUMNS, ClipDataset
from deepfake.metrics.binary import THRESHOLD
from deepfake.models.detector import Detector
from deepfake.names import as_text
from deepfake.schema import Status
from deepfake.scoring import ScoringRule, score_clips, video_scores
from deepfake.store import FaceStore

log = logging.getLogger(__name__)
COLUMNS = ["path", "status", "score", "verdict", "num_faces", "num_clips"]
COLUMNS += ["num_sampled", "num_frames", "duration_s", "reason", "remarks"]


def score_files(
    paths: Mapping[str, Path],
    store: FaceStore,
    detector: Detector,
    rule: ScoringRule,
    *,
    batch_size: int,
    num_workers: int | None,
    device: str,
) -> pd.DataFrame:
    """Score files whose faces are in a store, as a test does; see `deepfake.scoring`.

    The main face is the largest one, since no real video belonging to these files is known.

    Args:
        paths: video_id -> file.
        store: an open store with the tables of these files.
        detector: the network in eval mode.
        rule: which clips are scored.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips; None means one per core.
        device: the device that the detector runs on.

    Returns:
        One row per file with `COLUMNS`, in the order of `paths`.
    """
    video_ids = sorted(paths)
    several = int((store.rows(video_ids)["num_faces"] > 1).sum())
    if several and rule.tracks == "main":
        log.info("%d of %d files show several faces; the largest is scored, tracks=all scores all", several, len(paths))
    table = store.crop_columns(video_ids, CLIP_COLUMNS)
    found = find_clips(
        *table,
        detector.spec,
        video_ids=video_ids,
        labels=np.full(len(paths), np.nan),
        methods=[""] * len(paths),
        only_track=np.zeros(len(paths), np.int64) if rule.tracks == "main" else None,
        at_most=rule.clips_per_track,
    )
    dataset = ClipDataset(found, store, detector.spec, NoAugmentation(), table)
    clip_scores = score_clips(detector, dataset, batch_size=batch_size, num_workers=num_workers, device=device)
    videos, scores = video_scores(found.video.numpy(), found.track.numpy(), clip_scores, rule.aggregate)
    score = dict(zip((video_ids[video] for video in videos), scores.tolist(), strict=True))
    num_clips = dict(zip(video_ids, found.counts().tolist(), strict=True))
    rows = []
    for (video_id, path), (_, row) in zip(paths.items(), store.rows(list(paths)).iterrows(), strict=True):
        status, value = row["status"], score.get(video_id)
        if status == Status.OK and value is None:
            status = Status.TOO_SHORT
            length = detector.spec.clip_length
            too_short = f"no face lasts long enough for a clip of {length} frames"
            row["reason"] = "; ".join(filter(None, [too_short, row["reason"]]))
        verdict = None if value is None else ("fake" if value > THRESHOLD else "real")
        seen = row["num_faces"], num_clips[video_id], row["num_sampled"], row["num_frames"], duration(row)
        rows.append([as_text(str(path)), status, value, verdict, *seen, row["reason"], row["remarks"]])
    return pd.DataFrame(rows, columns=COLUMNS)


def duration(row: pd.Series) -> float:
    """Return a video's length in seconds, computed from its frames if the store does not have it; 0 if unknown."""
    return round(row["duration_s"] or (row["num_frames"] / row["fps"] if row["fps"] else 0.0), 3)
