"""What is said when faces have been extracted: what was looked at, and why what was not."""

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
    """What one call had to do: videos that were not in the store yet, frames that were looked at, seconds."""

    num_videos: int
    num_frames: int
    seconds: float


NOTHING_DONE = Extraction(0, 0, 0.0)


def summarise(store: FaceStore, rows: pd.DataFrame, done: Extraction) -> None:
    """Show what became of videos, and where it is written.

    Args:
        store: that holds them.
        rows: as in its table of videos.
        done: by the call that ends.
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
        log.info("%d fakes were cut by the boxes of their reals", reused)
    if len(readers := Counter(rows["reader"][rows["reader"] != ""])) > 1:
        log.info("videos by reader: %s", ", ".join(f"{name} {count}" for name, count in readers.most_common()))
    log_reasons(rows, "videos.csv")
    log_remarks(rows, "videos.csv")


def statuses(rows: pd.DataFrame) -> str:
    """How many videos there are of each status, in words.

    Example:
        >>> statuses(pd.DataFrame({"status": ["ok", "no_face", "ok"]}))
        '2 ok, 1 no face'
    """
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in Counter(rows["status"]).most_common())


def require_some(rows: pd.DataFrame, store: FaceStore) -> None:
    """A run in which every video failed does not look like success.

    Args:
        rows: as in the table of videos.
        store: that holds them.

    Raises:
        ExtractionError: every one failed.
    """
    if len(rows) and (rows["status"] == Status.FAILED).all():
        reason = rows["reason"].iloc[0]
        raise ExtractionError(
            f"all {len(rows)} videos of {store.root} failed, the first with: {reason}. {cure(reason)}, and give the "
            "same command again"
        )
