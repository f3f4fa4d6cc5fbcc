"""Shows what an extraction did, and why it could not use some videos."""

import logging
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from deepfake.errors import ExtractionError
from deepfake.faces.setbacks import cure
from deepfake.report.reasons import log_reasons, log_remarks
from deepfake.report.tables import show_facts
from deepfake.schema import Status
from deepfake.screen import from_here
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one call did: how many videos it extracted, how many frames it looked at, and how many seconds it took."""

    num_videos: int
    num_frames: int
    seconds: float


NOTHING_DONE = Extraction(0, 0, 0.0)


def summarise(store: FaceStore, rows: pd.DataFrame, done: Extraction) -> None:
    """Show what an extraction found, and the first reasons why videos could not be used.

    Args:
        store: the store that holds the videos.
        rows: the videos' rows in its table.
        done: what this call did.
    """
    looked_at, shown = int(rows["num_sampled"].sum()), int(rows["num_frames"].sum())
    facts: dict[str, object] = {
        "videos": f"{len(rows)}: {statuses(rows)}",
        "extracted now": done.num_videos,
        "faces": int(rows["num_faces"].sum()),
        "frames": f"{looked_at} of {shown} looked at; the finder was shown {rows['num_detected'].sum()} of these",
    }
    if done.num_videos:
        facts["speed"] = f"{done.num_frames / done.seconds:.0f} frames/s"
    show_facts(f"faces in {from_here(store.root)}", facts)
    if reused := int((rows["boxes"] == "reused").sum()):
        log.info("%d fakes were cropped with the boxes of their reals", reused)
    if len(readers := Counter(rows["reader"][rows["reader"] != ""])) > 1:
        log.info("videos by reader: %s", ", ".join(f"{name} {count}" for name, count in readers.most_common()))
    log_reasons(rows, "videos.csv")
    log_remarks(rows, "videos.csv")


def statuses(rows: pd.DataFrame) -> str:
    """Count the videos of each status, in words.

    Example:
        >>> statuses(pd.DataFrame({"status": ["ok", "no_face", "ok"]}))
        '2 ok, 1 no face'
    """
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in Counter(rows["status"]).most_common())


def require_not_all_failed(rows: pd.DataFrame, store: FaceStore) -> None:
    """Stop if every video failed.

    Args:
        rows: the videos' rows in the store's table.
        store: the store that holds them.

    Raises:
        ExtractionError: every video failed.
    """
    if len(rows) and (rows["status"] == Status.FAILED).all():
        reason = rows["reason"].iloc[0]
        raise ExtractionError(
            f"all {len(rows)} videos of {store.root} failed, the first with: {reason}. {cure(reason)}, and give the "
            "same command again"
        )
