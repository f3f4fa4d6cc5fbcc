"""The one door to video files: what a file is, and any of its frames as (T, H, W, 3) uint8 RGB.

A reader is opened where it is used and closed before the call returns, so the functions may be called from any
process. decord seeks to the key frame before each wanted frame and gives the same frames as a sequential decoder.

Source: decord 0.6, `VideoReader.get_batch`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import decord
import numpy as np

from deepfake.errors import UnreadableVideoError

decord.logging.set_level(decord.logging.QUIET)  # ffmpeg's own words; ours name the file and go into the table


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says of itself.

    Attributes:
        num_frames: frames that can be asked for.
        fps: average frames per second.
        height: in pixels, as read.
        width: in pixels, as read.
    """

    num_frames: int
    fps: float
    height: int
    width: int


def probe(path: Path) -> VideoInfo:
    """Open a file and read its first frame.

    Raises:
        UnreadableVideoError: the file is missing, empty, truncated, or no video.
    """
    reader = _open(path)
    height, width = _decode(reader, [0], path).shape[1:3]
    return VideoInfo(len(reader), float(reader.get_avg_fps()), height, width)


def read(path: Path, indices: Sequence[int]) -> np.ndarray:
    """Decode the frames at `indices`.

    Returns:
        (T, H, W, 3) uint8 RGB, in the order of `indices`.

    Raises:
        UnreadableVideoError: as `probe`; or an index lies outside the video.
    """
    reader = _open(path)
    if len(indices) == 0 or min(indices) < 0 or max(indices) >= len(reader):
        raise UnreadableVideoError(path, f"frames {list(indices)} asked of a video of {len(reader)} frames")
    return _decode(reader, indices, path)


def _open(path: Path) -> decord.VideoReader:
    if not path.is_file():
        raise UnreadableVideoError(path, "no such file")
    if path.stat().st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")
    try:
        reader = decord.VideoReader(str(path), num_threads=1)
    except (decord.DECORDError, RuntimeError) as error:
        raise UnreadableVideoError(path, "not a video, or cut off") from error
    if len(reader) == 0:
        raise UnreadableVideoError(path, "it holds no frames")
    return reader


def _decode(reader: decord.VideoReader, indices: Sequence[int], path: Path) -> np.ndarray:
    try:
        return reader.get_batch(list(indices)).asnumpy()
    except (decord.DECORDError, RuntimeError) as error:
        raise UnreadableVideoError(path, "its frames cannot be decoded; the file is damaged or cut off") from error
