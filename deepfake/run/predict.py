"""Score unseen files: the same extraction, cut and network as in training, and one verdict a file."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.corpora.files import is_video
from deepfake.corpora.notes import left_out
from deepfake.corpora.walk import LeftOut, tree
from deepfake.data.augment import NoAugmentation
from deepfake.data.clips import find_clips
from deepfake.data.dataset import CLIP_COLUMNS, ClipDataset
from deepfake.errors import ConfigError, ExtractionError
from deepfake.faces.setbacks import cure
from deepfake.metrics.binary import THRESHOLD
from deepfake.models.detector import Detector
from deepfake.names import as_id, as_text, shown
from deepfake.report.tables import show, show_paths
from deepfake.run.checkpoint import build_detector, read_checkpoint
from deepfake.run.checkpoint_faces import faces_of
from deepfake.run.entry import entry_point
from deepfake.run.faces import extract_faces, face_store, pick_device, require_whole
from deepfake.run.scoring_rule import CARRIED, CLIPS, MAIN_FACE, TRACKS, settled_rule
from deepfake.run.stopping import stoppable
from deepfake.run.summary import say_reasons, say_remarks
from deepfake.run.writable import require_writable
from deepfake.schema import VIDEO_SUFFIXES, Status
from deepfake.scoring import ScoringRule, score_clips, video_scores
from deepfake.store import FaceStore

NOTHING_KEPT = "stopped; nothing is kept of a prediction that is not whole, and the same command begins again"
log = logging.getLogger(__name__)
COLUMNS = ["path", "status", "score", "verdict", "num_faces", "num_clips"]
COLUMNS += ["num_sampled", "num_frames", "duration_s", "reason", "remarks"]


@entry_point
def predict(cfg: DictConfig) -> None:
    """Score `cfg.input`, a file or a folder, with the detector of `cfg.checkpoint`."""
    with stoppable(lambda: NOTHING_KEPT):
        _predict(cfg)


def _predict(cfg: DictConfig) -> None:
    checkpoint, output = read_checkpoint(cfg.checkpoint), Path(cfg.output)
    require_writable(output)
    detector = build_detector(checkpoint)
    given = {CLIPS: cfg.loader.eval_clips_per_video, TRACKS: cfg.tracks, MAIN_FACE: CARRIED}
    rule, _ = settled_rule(checkpoint.card, given, checkpoint.path)
    files = input_files(Path(cfg.input))
    paths = {as_id(name): Path(os.path.abspath(path)) for name, path in files.items()}
    faces, _ = faces_of(checkpoint, cfg.get("faces"), Path(cfg.paths.weights_dir))
    say_unlike_test(rule, faces)

    require_whole(cfg.extract)
    with tempfile.TemporaryDirectory(prefix="deepfake-") as folder:
        store = face_store(faces, Path(folder))
        extract_faces(paths, {}, store, faces, cfg.extract)  # unseen files have no pairs
        store.build_tables(paths)
        table = score_files(paths, store, detector, rule, cfg)

    output.mkdir(parents=True, exist_ok=True)
    written = table.assign(path=[as_text(str(path)) for path in files.values()])
    write_atomic(output / "predictions.csv", written.to_csv(index=False).encode())
    show_predictions(table.assign(path=list(map(shown, files))))  # as in their folder: it may have a long name
    show_paths({"predictions": output / "predictions.csv"})
    require_readable(table, cfg.input)


def input_files(source: Path) -> dict[str, Path]:
    """The videos to score: the file, or every video in the folder and below it; of all else is said why not.

    Returns:
        Name inside the folder, suffix included, so that no two files share one -> path.

    Raises:
        ConfigError: there is nothing to score.
    """
    if source.is_file():
        return {source.name: source}
    if not source.is_dir():
        raise ConfigError(f"input={source} does not exist: give a video file or a folder of them")
    videos, said = look_into(source)
    if not videos:
        raise ConfigError("; ".join([f"input={source} holds no video ({', '.join(VIDEO_SUFFIXES)})", *said]))
    for sentence in said:
        log.warning(sentence)
    return {path.relative_to(source).as_posix(): path for path in videos}


def look_into(source: Path) -> tuple[list[Path], list[str]]:
    """The videos in a folder, and what is to be said of all else that lies there."""
    found = tree(source)
    named = [path for path in found.files if is_video(path.name)]
    videos = [path for path in named if os.access(path, os.R_OK)]
    closed = [LeftOut(path, "this user may not read it") for path in sorted({*named}.difference(videos))]
    others = Counter(path.suffix.lower() or "no suffix" for path in found.files if not is_video(path.name))
    said = left_out([*found.left_out, *closed], source)
    if others:
        kinds = ", ".join(f"{number} {suffix}" for suffix, number in others.most_common(5))
        said.append(f"not looked at: {others.total()} files that are no videos by their names ({kinds})")
    return videos, said


def say_unlike_test(rule: ScoringRule, faces: Mapping[str, Any]) -> None:
    """Say what a test of the checkpoint does and cannot be done here, where no real is known of a file."""
    if rule.tracks == "main" and rule.main_face != "largest":
        log.warning(
            "%s is %s in the checkpoint, whose test scores the face that is unlike the real's; of these files no real "
            "is known: the largest face is scored",
            MAIN_FACE,
            rule.main_face,
        )
    if faces["reuse_boxes"]:
        log.warning("faces.reuse_boxes has no effect here, since no real is known of these files: all are looked at")


def score_files(
    paths: dict[str, Path], store: FaceStore, detector: Detector, rule: ScoringRule, cfg: DictConfig
) -> pd.DataFrame:
    """One row a file, `COLUMNS`.

    A file's score is made as a test makes it, see `deepfake.scoring`; the main face is the largest, as nothing is known
    of a real.
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
    how = {"batch_size": cfg.loader.batch_size, "num_workers": cfg.loader.num_workers}
    clip_scores = score_clips(detector, dataset, **how, device=pick_device(cfg.extract.device))
    videos, scores = video_scores(found.video.numpy(), found.track.numpy(), clip_scores)
    score = dict(zip((video_ids[video] for video in videos), scores.tolist(), strict=True))
    num_clips = dict(zip(video_ids, found.counts().tolist(), strict=True))
    rows = []
    for (video_id, path), (_, row) in zip(paths.items(), store.rows(list(paths)).iterrows(), strict=True):
        status, value = row["status"], score.get(video_id)
        if status == Status.OK and value is None:
            status = Status.TOO_SHORT
            length = detector.spec.clip_length
            row["reason"] = "; ".join(filter(None, [f"no face is there for a clip of {length} frames", row["reason"]]))
        verdict = None if value is None else ("fake" if value > THRESHOLD else "real")
        seen = row["num_faces"], num_clips[video_id], row["num_sampled"], row["num_frames"], seconds(row)
        rows.append([as_text(str(path)), status, value, verdict, *seen, row["reason"], row["remarks"]])
    return pd.DataFrame(rows, columns=COLUMNS)


def show_predictions(table: pd.DataFrame) -> None:
    """The table on screen, in fewer columns, and the first reasons below it.

    Args:
        table: `COLUMNS`.
    """
    looked_at = [f"{some} of {all_}" for some, all_ in zip(table["num_sampled"], table["num_frames"], strict=True)]
    shown = table[COLUMNS[:6]].assign(looked_at=looked_at, seconds=table["duration_s"].map("{:.1f}".format))
    columns = [name.removeprefix("num_").replace("_", " ") for name in shown]
    show("predictions", columns, shown.astype(object).fillna("").to_numpy().tolist())
    say_reasons(table.set_index("path"), "predictions.csv")
    say_remarks(table.set_index("path"), "predictions.csv")


def seconds(row: pd.Series) -> float:
    """How long a video is, by its frames where its store does not say; 0 where that is not known."""
    return round(row["duration_s"] or (row["num_frames"] / row["fps"] if row["fps"] else 0.0), 3)


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
