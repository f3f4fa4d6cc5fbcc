"""The layout of the first stores: a folder a video, `crops/<video_id>/` with video.json, crops.csv and the images."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pandas as pd

from deepfake.schema import Status, VideoRow
from deepfake.store.archive import CROP_COLUMNS
from deepfake.store.images import decode

TABLES = ("crops.parquet", "videos.csv")  # of that layout


def bring_over(
    folder: Path, video_id: str, suffix: str, write: Callable[[VideoRow, pd.DataFrame, list[bytes]], VideoRow]
) -> VideoRow | None:
    """Make a video's folder an archive, and remove the folder.

    Args:
        folder: of the video.
        video_id: of it.
        suffix: of its images.
        write: stores a video.

    Returns:
        Its row; None if there is no such folder, or it is not whole.
    """
    if not (folder / "video.json").is_file():
        return None
    try:
        known = json.loads((folder / "video.json").read_text())
        row = VideoRow(**{**known, "status": Status(known["status"])})
        crops = pd.read_csv(folder / "crops.csv")[CROP_COLUMNS]
        names = _names(crops, suffix)
        images = [(folder / name).read_bytes() for name in names]
        for image in images:
            decode(image)  # they have no checksums there, and will have them here
    except (OSError, ValueError, TypeError, KeyError, SyntaxError):  # Pillow raises the last of PNG
        return None
    if row.video_id != video_id:
        return None
    stored = write(row, crops, images)
    _remove(folder, names)
    return stored


def tidy(folder: Path, suffix: str) -> None:
    """Remove what is left of a video's folder that was brought over by a run that was killed then."""
    if not folder.is_dir():
        return
    try:
        names = _names(pd.read_csv(folder / "crops.csv"), suffix)
    except (OSError, ValueError, KeyError):  # it is the last but one to go
        names = []
    _remove(folder, names)


def _names(crops: pd.DataFrame, suffix: str) -> list[str]:
    return [f"{track}/{frame:06d}.{suffix}" for track, frame in zip(crops["track"], crops["frame"], strict=True)]


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove a video's files; folders of other videos may be in its folder. Another run may do the same now."""
    images = [folder / name for name in names]
    for image in images:
        with suppress(OSError):
            image.unlink(missing_ok=True)
    for inside in {image.parent for image in images}:
        with suppress(OSError):  # it is not empty
            inside.rmdir()
    with suppress(OSError):
        for name in ("crops.csv", "video.json"):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
