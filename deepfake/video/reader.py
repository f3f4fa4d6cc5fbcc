"""The interface of all video readers: opened in the process that uses it, read from, and closed.

Get one from `open_video` in `deepfake.video.door`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from deepfake.errors import UnreadableVideoError


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A file as a player shows it.

    Attributes:
        num_frames: frames that are shown and can be read.
        fps: average frames per second.
        height: picture height in pixels, as read: upright, with square pixels.
        width: picture width in pixels, as read.
        num_missing: frames that the file declares but does not store, as when its end was cut off.
        duration_s: seconds from the first frame to the end of the last.
        num_hidden: stored frames that no player shows, because an edit list cuts them off.
        container: FFmpeg's name of the format, such as `mov,mp4,m4a,3gp,3g2,mj2`.
        codec: FFmpeg's name of the decoder, such as `h264`.
        num_streams: video streams in the file, of which one is read; cover art does not count.
        interlaced: whether the first frame is two fields.
        turn: rotation of the picture, as `Picture.turn`.
        pixel_aspect: width of a stored pixel divided by its height; 0 if the file does not say.
        transfer: `hlg`, `pq` or `sdr`.
        times_s: time of each frame in seconds from the first; empty if the file has no times.
        key_frames: indices of the frames at which decoding can start; empty if the file has no times.
        lost: what is missing from the file, as where it was cut off or a part cannot be read.
        remarks: what is done to show the picture as a player does, and what cannot be done. Reading may add remarks.
    """

    num_frames: int
    fps: float
    height: int
    width: int
    num_missing: int = 0
    duration_s: float = 0.0
    num_hidden: int = 0
    container: str = ""
    codec: str = ""
    num_streams: int = 1
    interlaced: bool = False
    turn: tuple[int, int, int, int] = (1, 0, 0, 1)
    pixel_aspect: float = 0.0
    transfer: str = "sdr"
    times_s: tuple[float, ...] = field(default=(), repr=False)
    key_frames: tuple[int, ...] = field(default=(), repr=False)
    lost: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class VideoReader(ABC):
    """An open video file, at least one frame of which could be decoded.

    Attributes:
        name: the library that reads it.
        path: the file.
        info: description of the file.
    """

    name: ClassVar[str]
    path: Path
    info: VideoInfo

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Decode the frames at `indices`.

        Returns:
            (T, H, W, 3) uint8 RGB, in the order of `indices`: BT.709 colour, upright, progressive, square pixels.

        Raises:
            UnreadableVideoError: one of them lies outside the video, or cannot be decoded without damage.
        """
        if len(indices) == 0 or min(indices) < 0 or max(indices) >= self.info.num_frames:
            reason = f"frames {list(indices)} were requested from a video of {self.info.num_frames} frames"
            raise UnreadableVideoError(self.path, reason)
        return self._decode(indices)

    @abstractmethod
    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        """Decode frames at indices that lie within the video."""

    @abstractmethod
    def close(self) -> None:
        """Release the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
