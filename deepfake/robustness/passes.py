"""Scores the distorted videos of a split, one distortion after the other."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.atomic import write_atomic
from deepfake.distort.catalogue import KINDS
from deepfake.distort.distortion import Distortion
from deepfake.extraction.distorted import CleanStore, complete_distorted, unchanged
from deepfake.metrics import Estimate
from deepfake.robustness.intervals import LevelAucs
from deepfake.robustness.table import AUCS, CLEAN, COLUMNS, ENDS, trained_with, write_table
from deepfake.schema import Status
from deepfake.store import FaceStore

log = logging.getLogger(__name__)
FOLDER = "distorted"  # of the predictions


@dataclass(frozen=True, slots=True)
class Scored:
    """What a detector says of the videos of one store.

    Attributes:
        clips: one row for each clip, as in `predictions.csv`.
        metrics: `<level>/<name>` -> value, such as `video/auc`.
        coverage: counts of the split's videos, as `ClipDataModule.coverage` returns them.
    """

    clips: pd.DataFrame
    metrics: Mapping[str, float]
    coverage: Mapping[str, int]


def score_distorted(
    distortions: Sequence[Distortion],
    source: CleanStore,
    clean: Scored,
    score: Callable[[FaceStore], Scored],
    folder: Path,
    known: Sequence[str] | None,
    aucs: LevelAucs,
) -> pd.DataFrame:
    """Score videos under every distortion, and write the predictions of each into `folder`.

    `robustness.csv` is written anew after each, so that a run that is stopped has what it has scored so far.

    Args:
        distortions: what to apply, in this order.
        source: the clean faces, and the videos that they come from.
        clean: what the detector says of the clean faces.
        score: scores the faces of a store.
        folder: the run's folder.
        known: what the detector was trained with, by the checkpoint's card; None if that is unknown.
        aucs: gets the clean videos, then those of each distortion, so a row of the table is a place in it.

    Returns:
        The columns `COLUMNS`, first a row for the clean videos.

    Raises:
        CorpusError: a video's file is gone.
        ExtractionError: a video cannot be distorted.
    """
    ids = [video.video_id for video in source.videos]
    (folder / FOLDER).mkdir(exist_ok=True)
    rows = [_row({"type": CLEAN, "predictions": "predictions.csv"}, clean, aucs.add(clean.clips))]
    for number, distortion in enumerate(distortions, 1):
        store = complete_distorted(source, distortion)
        scored = score(store)
        name = f"{FOLDER}/{distortion.slug}.csv"
        write_atomic(folder / name, _with_steps(scored.clips, distortion).to_csv(index=False).encode())
        same = unchanged(ids, source.store, store)
        facts = {
            "type": distortion.name,
            "level": distortion.level,
            "strength": _written(distortion.strength),
            "unit": KINDS[distortion.name].unit if distortion.name in KINDS else None,
            "source": distortion.source,
            "num_unchanged": len(same),
            "trained_with": trained_with(distortion, known),
            "predictions": name,
        }
        rows.append(_row(facts, scored, aucs.add(scored.clips)))
        write_table(_table(rows), folder)
        _tell(number, len(distortions), distortion, scored, clean, same)
    return _table(rows)


def _table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS)
    whole = dict.fromkeys(("level", "num_unchanged"), "Int64")  # neither is known of the clean row
    return table.astype(whole)


def _row(facts: Mapping[str, Any], scored: Scored, auc: Estimate) -> dict[str, Any]:
    counts = scored.coverage
    return {
        **facts,
        **{column: scored.metrics[name] for name, column in AUCS.items()},
        **dict(zip(ENDS.values(), (auc.low, auc.high), strict=True)),
        "interval": str(auc.method),
        "num_real": counts["scored_real"],
        "num_fake": counts["scored_fake"],
        "coverage": counts["scored"] / counts["videos"],
        "num_clips": len(scored.clips),
    }


def _written(strength: Any) -> str | None:
    """Return a strength as text, so that a table keeps `7` and `0.05`; of a blur its kernel and sigma, `7 1.0`."""
    if strength is None:
        return None
    return " ".join(map(str, strength)) if isinstance(strength, tuple) else str(strength)


def _with_steps(clips: pd.DataFrame, distortion: Distortion) -> pd.DataFrame:
    """Add what happened to each video: `GB:3`, or `GB:3+CS:1` in a set."""
    steps = {
        video_id: "+".join(f"{step.kind}:{step.level}" for step in distortion.steps(video_id))
        for video_id in clips["video_id"].unique()
    }
    return clips.assign(distortion=clips["video_id"].map(steps))


def _tell(number: int, total: int, distortion: Distortion, scored: Scored, clean: Scored, same: Sequence[str]) -> None:
    what = distortion.name if distortion.level is None else f"{distortion.name} at level {distortion.level}"
    pair = scored.metrics["video/auc"], clean.metrics["video/auc"]
    log.info("%d of %d: %s: AUC of videos %.3f (clean %.3f)", number, total, what, *pair)
    if same:
        log.warning(
            "%s leaves the faces of %d of %d videos as they are, such as %s, so these are as easy as clean ones",
            what,
            len(same),
            scored.coverage[Status.OK],
            same[0],
        )
