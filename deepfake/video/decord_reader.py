"""decord: the fast reader. It seeks to the key frame before each wanted frame, and gives a sequential decoder's frames.

Source: decord 0.6, `VideoReader.get_batch`; it applies a phone's rotation by itself.
"""

from collections.abc import Sequence
from pathlib import Path

import decord
import numpy as np

from deepfake.errors import UnreadableVideoError
from deepfake.video.reader import VideoInfo, VideoReader

decord.logging.set_level(decord.logging.QUIET)  # ffmpeg's own words; ours name the file and go into the table


class DecordReader(VideoReader):
    """A file opened with decord.

    Args:
        path: the file, which exists and is not empty.

    Raises:
        UnreadableVideoError: it holds no video, or its first frame cannot be decoded.
    """

    name = "decord"

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._reader = decord.VideoReader(str(path), num_threads=1)
        except Exception as error:  # decord raises more kinds than its own
            raise UnreadableVideoError(path, "not a video, or cut off") from error
        if len(self._reader) == 0:
            raise UnreadableVideoError(path, "it holds no frames")
        height, width = self._decode([0]).shape[1:3]
        self.info = VideoInfo(len(self._reader), float(self._reader.get_avg_fps()), height, width)

    def close(self) -> None:
        del self._reader

    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        try:
            return self._reader.get_batch(list(indices)).asnumpy()
        except Exception as error:
            reason = "its frames cannot be decoded; the file is damaged or cut off"
            raise UnreadableVideoError(self.path, reason) from error
