"""decord, the second reader: each of its frames is compared with PyAV's.

decord counts packets instead of shown frames. Without any warning it returns a wrong or concealed frame in AVI and
MPEG-2, in files that were cut without re-encoding, in groups that refer to one another, and in damaged files. So its
index must agree with the packet table and its pictures with PyAV's; anything else is an error. With
`extract.reader=decord` both read each video, which takes twice the time and shows that two decoders agree.

Source: decord 0.6, `VideoReader.get_batch`; it applies a phone's rotation itself.
"""

from collections.abc import Sequence
from pathlib import Path

import decord
import numpy as np

from deepfake.errors import UnreadableVideoError
from deepfake.video.av_reader import AvReader
from deepfake.video.reader import VideoReader

decord.logging.set_level(decord.logging.QUIET)  # hide ffmpeg's messages; ours name the file and go into the table

_TOLERANCE_S = 0.002  # Matroska rounds times to milliseconds
_TOLERANCE = 24  # grey levels by which two builds of FFmpeg may round colour differently at an edge


class DecordReader(VideoReader):
    """A file opened with both decord and PyAV.

    Args:
        path: an existing file that is not empty.

    Raises:
        UnreadableVideoError: the file holds no video, or decord reads it differently from PyAV.
        OSError: the machine cannot read the file.
    """

    name = "decord"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._truth = AvReader(path)
        self.info = self._truth.info
        try:
            self._reader = self._agreeing(self._truth.seconds)
        except BaseException:
            self._truth.close()
            raise

    def close(self) -> None:
        del self._reader
        self._truth.close()

    def _agreeing(self, seconds: np.ndarray | None) -> decord.VideoReader:
        """Open the file with decord; its frame count and times must be those of the packet table."""
        try:
            reader = decord.VideoReader(str(self.path), num_threads=1)
            theirs = reader.get_frame_timestamp(range(len(reader)))[:, 0]
        except Exception as error:  # decord raises other types than its own, too
            raise UnreadableVideoError(self.path, "decord cannot open it") from error
        if len(theirs) != self.info.num_frames:
            reason = f"decord counts {len(theirs)} frames, but a player shows {self.info.num_frames}"
            raise UnreadableVideoError(self.path, reason)
        if seconds is not None and np.abs(theirs - theirs[0] - seconds).max() > _TOLERANCE_S:
            raise UnreadableVideoError(self.path, "decord gives its frames other times than the file")
        return reader

    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        truth = self._truth.read(indices)
        self.info = self._truth.info  # includes remarks on the frames just read
        try:
            frames = self._reader.get_batch(list(indices)).asnumpy()
        except Exception as error:
            raise UnreadableVideoError(self.path, "decord cannot decode its frames") from error
        for index, theirs, ours in zip(indices, frames, truth, strict=True):
            if theirs.shape != ours.shape or np.abs(theirs.astype(np.int16) - ours).max() > _TOLERANCE:
                raise UnreadableVideoError(self.path, f"decord shows another picture than a player at frame {index}")
        return frames
