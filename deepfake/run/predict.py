"""Scores unseen files with the extraction, crops and network of training, and gives each file a verdict."""

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.checkpoints import build_detector, read_checkpoint
from deepfake.checkpoints.faces import faces_of
from deepfake.checkpoints.scoring_rule import AGGREGATE, CARRIED, CLIPS, MAIN_FACE, TRACKS, settled_rule
from deepfake.command.entry import entry_point
from deepfake.command.stopping import stoppable
from deepfake.command.writable import require_writable
from deepfake.corpora.input_files import input_files
from deepfake.device import pick_device
from deepfake.extraction.completion import extract_faces, face_store
from deepfake.extraction.options import ExtractOptions
from deepfake.extraction.shards import require_whole
from deepfake.names import as_id, as_text, shown
from deepfake.report.tables import show_paths
from deepfake.scoring import ScoringRule
from deepfake.verdict.score_files import score_files
from deepfake.verdict.table import require_readable, show_predictions

NOTHING_KEPT = "stopped; incomplete predictions are not kept, and the same command starts again"
log = logging.getLogger(__name__)


@entry_point
def predict(cfg: DictConfig) -> None:
    """Score the file or folder `cfg.input` with the detector of `cfg.checkpoint`."""
    with stoppable(lambda: NOTHING_KEPT):
        files, table = _score(cfg)
        _write(files, table, Path(cfg.output))
    require_readable(table, cfg.input)


def _score(cfg: DictConfig) -> tuple[dict[str, Path], pd.DataFrame]:
    checkpoint = read_checkpoint(cfg.checkpoint)
    require_writable(Path(cfg.output))
    detector = build_detector(checkpoint, cfg.backbone_weights)
    given = {CLIPS: cfg.sampling.eval_clips_per_track, TRACKS: cfg.tracks, MAIN_FACE: CARRIED}
    given[AGGREGATE] = cfg.aggregate
    rule, _ = settled_rule(checkpoint.card, given, checkpoint.path)
    files = input_files(Path(cfg.input))
    paths = {as_id(name): Path(os.path.abspath(path)) for name, path in files.items()}
    faces, _ = faces_of(checkpoint, cfg.get("faces"), Path(cfg.paths.weights_dir))
    warn_unlike_test(rule, faces)

    options = ExtractOptions(device=cfg.device, **cfg.extract)
    require_whole(options)
    loading = {"batch_size": cfg.loader.batch_size, "num_workers": cfg.loader.num_workers}
    with tempfile.TemporaryDirectory(prefix="deepfake-") as folder:
        store = face_store(faces, Path(folder))
        extract_faces(paths, {}, store, faces, options)  # unseen files have no pairs
        store.build_tables(paths)
        return files, score_files(paths, store, detector, rule, device=pick_device(cfg.device), **loading)


def _write(files: Mapping[str, Path], table: pd.DataFrame, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    written = table.assign(path=[as_text(str(path)) for path in files.values()])
    write_atomic(output / "predictions.csv", written.to_csv(index=False).encode())
    show_predictions(table.assign(path=list(map(shown, files))))  # relative to their folder, which may have a long name
    show_paths({"predictions": output / "predictions.csv"})


def warn_unlike_test(rule: ScoringRule, faces: Mapping[str, Any]) -> None:
    """Warn of what the checkpoint's test does and cannot be done here, since the reals of unseen files are unknown."""
    if rule.tracks == "main" and rule.main_face != "largest":
        log.warning(
            "%s is %s in the checkpoint, whose test scores the face that differs from the real's; the reals of these "
            "files are unknown, so the largest face is scored",
            MAIN_FACE,
            rule.main_face,
        )
    if faces["reuse_boxes"]:
        log.warning("faces.reuse_boxes has no effect here, since the reals of these files are unknown")
