"""Writes H.264 clips: one set of options for every file of the corpus, real or fake."""

from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np

# The same frames must give the same bytes: one thread, no wall clock, and no macroblock tree, whose vectorised code
# reads memory that nobody has written (seen with x264 in PyAV 18: of 40 runs hardly two alike at 160x120).
_OPTIONS = {"crf": "20", "preset": "veryfast", "threads": "1", "x264-params": "mbtree=0"}
_CONTAINER_OPTIONS = {"fflags": "+bitexact"}


class ClipWriter:
    """Encodes frames one at a time; a context manager that closes the file.

    Args:
        path: the mp4 to write; its folder exists.
        size: height and width, even.
        fps: frames a second.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int) -> None:
        self._container = av.open(str(path), "w", format="mp4", options=_CONTAINER_OPTIONS)
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps), options=_OPTIONS)
        self._stream.height, self._stream.width = size
        self._stream.pix_fmt = "yuv420p"

    def __enter__(self) -> Self:
        return self

    def write(self, frame: np.ndarray) -> None:
        """Appends a frame (H, W, 3) uint8 RGB."""
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
