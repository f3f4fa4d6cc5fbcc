"""Write H.264 clips with one set of options for every file of the corpus, real or fake.

Every frame of the demo is coded by itself with one quantiser, so what coding does to a frame depends on that frame
alone: neither its blur nor its bytes tell whether the frames before it are its true neighbours (see `shoot`, flicker).
"""

from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np

# Equal frames must give equal bytes: hence one thread, no wall clock, and no macroblock tree, whose vectorised code
# reads uninitialised memory (with x264 in PyAV 18, hardly two of 40 runs were equal at 160x120).
_USUAL = {"crf": "20", "preset": "veryfast", "threads": "1", "x264-params": "mbtree=0"}
_INTRA = {"preset": "veryfast", "threads": "1", "x264-params": "mbtree=0:keyint=1"}
_CONTAINER_OPTIONS = {"fflags": "+bitexact"}


class ClipWriter:
    """Encodes frames one at a time; as a context manager, it closes the file.

    Args:
        path: the mp4 file to write, in an existing folder.
        size: height and width, both even.
        fps: frames per second.
        quantiser: constant quantiser of frames that are each coded alone, 0 (lossless) to 51; None codes as usual.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int, quantiser: int | None = None) -> None:
        self._container = av.open(str(path), "w", format="mp4", options=_CONTAINER_OPTIONS)
        options = _USUAL if quantiser is None else {**_INTRA, "qp": str(quantiser)}
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps), options=options)
        self._stream.height, self._stream.width = size
        self._stream.pix_fmt = "yuv420p"

    def __enter__(self) -> Self:
        return self

    def write(self, frame: np.ndarray) -> None:
        """Append a frame (H, W, 3) uint8 RGB."""
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
