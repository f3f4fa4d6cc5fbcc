"""What every reader of video files is: opened in the process that uses it, asked for frames, closed.

`open_video` in `deepfake.video.door` is the one way to get one.
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
    """What a player shows of a file.

    Attributes:
        num_frames: that are shown, and so can be asked for.
        fps: average frames per second.
        height: of the picture in pixels, as read: upright, with square pixels.
        width: of the picture in pixels, as read.
        num_missing: frames that the file says it has beyond those that are stored, as when its end was cut off.
        duration_s: seconds from the first frame to the end of the last.
        num_hidden: stored frames that no player shows, as an edit list cuts them off.
        container: FFmpeg's name of the format, `mov,mp4,m4a,3gp,3g2,mj2`.
        codec: FFmpeg's name of the decoder, `h264`.
        num_streams: video streams of the file, of which one is read; cover art does not count.
        interlaced: whether the first frame is two fields.
        turn: how the picture is turned, as `Picture.turn`.
        pixel_aspect: width of a stored pixel by its height, as the file says; 0 if it does not.
        transfer: `hlg`, `pq` or `sdr`.
        times_s: when each frame is shown, in seconds from the first; empty where the file has no times.
        key_frames: indices of the frames at which decoding can start; empty where the file has no times.
        lost: what of the file is not there, as where it was cut off or a part of it cannot be read.
        remarks: what is done to the picture so that it is as a player shows it, and what cannot be done. Reading adds
            what is met.
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
    """An open video file, whose first frame could be decoded.

    Attributes:
        name: of the library behind it.
        path: the file.
        info: what it is.
    """

    name: ClassVar[str]
    path: Path
    info: VideoInfo

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Decode the frames at `indices`.

        Returns:
            (T, H, W, 3) uint8 RGB, in the order of `indices`: BT.709 colour, upright, progressive, square pixels.

        Raises:
            UnreadableVideoError: one of them cannot be decoded without damage, or lies outside the video.
        """
        if len(indices) == 0 or min(indices) < 0 or max(indices) >= self.info.num_frames:
            reason = f"frames {list(indices)} asked of a video of {self.info.num_frames} frames"
            raise UnreadableVideoError(self.path, reason)
        return self._decode(indices)

    @abstractmethod
    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        """`read`, for indices within the video."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
