"""What every reader of video files is: opened in the process that uses it, asked for frames, closed.

`open_video` in `deepfake.video.door` is the one way to get one.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from deepfake.errors import UnreadableVideoError


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says of itself.

    Attributes:
        num_frames: frames that can be asked for.
        fps: average frames per second.
        height: in pixels, as read, a phone's rotation applied.
        width: in pixels, as read.
        num_missing: frames that the file says it has beyond `num_frames`, as when its end was cut off.
    """

    num_frames: int
    fps: float
    height: int
    width: int
    num_missing: int = 0


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
            (T, H, W, 3) uint8 RGB, in the order of `indices`.

        Raises:
            UnreadableVideoError: one of them cannot be decoded, or lies outside the video.
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
