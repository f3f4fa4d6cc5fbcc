"""The layout of the first stores: a folder a video, `crops/<video_id>/` with video.json, crops.csv and the images."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from deepfake.schema import Status, VideoRow


def bring_over(
    folder: Path, suffix: str, write: Callable[[VideoRow, pd.DataFrame, list[bytes]], VideoRow]
) -> VideoRow | None:
    """Make a video's folder an archive, and remove the folder.

    Args:
        folder: of the video.
        suffix: of its images.
        write: stores a video.

    Returns:
        Its row; None if there is no such folder, or it is not whole.
    """
    if not (folder / "video.json").is_file():
        return None
    try:
        known = json.loads((folder / "video.json").read_text())
        crops = pd.read_csv(folder / "crops.csv")
        places = zip(crops["track"], crops["frame"], strict=True)
        images = [(folder / f"{track}/{frame:06d}.{suffix}").read_bytes() for track, frame in places]
        row = VideoRow(**{**known, "status": Status(known["status"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    stored = write(row, crops, images)
    shutil.rmtree(folder)
    return stored
