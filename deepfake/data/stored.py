"""The one place where data reads the face store."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from deepfake.store import FaceStore

PLACE = ["track", "segment", "frame"]
SQUARE = ["x", "y", "size"]
FACE = ["face_x", "face_y", "face_width", "face_height"]
CONTENT = ["offset", "length", "crc"]


def crop_columns(
    store: FaceStore, video_ids: Sequence[str], columns: Sequence[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Some columns of the crops of some videos, sorted by the video's place, track, segment and frame.

    Returns:
        video: (N,) int32, place in `video_ids`.
        columns: name -> (N,).
    """
    crops = store.crops()
    place = {video_id: i for i, video_id in enumerate(video_ids)}
    crops = crops.assign(video=crops["video_id"].map(place)).dropna(subset="video")
    crops = crops.sort_values(["video", "track", "segment", "frame"])
    crops = crops.assign(offset=crops["track"] * 2**32 + crops["frame"], length=0, crc=0)
    whole = {"track", "segment", "frame", "offset", "length", "crc"}
    return crops["video"].to_numpy(np.int32), {
        name: crops[name].to_numpy(np.int64 if name in whole else np.float64) for name in columns
    }


def read_images(
    store: FaceStore, video_id: str, offsets: Sequence[int], lengths: Sequence[int], crcs: Sequence[int]
) -> list[bytes]:
    """The files of some crops of one video."""
    return [store.image_path(video_id, offset >> 32, offset & (2**32 - 1)).read_bytes() for offset in offsets]


def decode(content: bytes) -> np.ndarray:
    """(S, S, 3) uint8 RGB."""
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image.convert("RGB"))


def archive(store: FaceStore, video_id: str) -> Path:
    """What holds the crops of a video."""
    return store.folder(video_id)
