"""Fakes that are made on the spot: clips with bright squares as faces, and a finder that finds them."""

import struct
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np

from deepfake.faces.finders import Faces, Finder

Box = tuple[int, int, int, int]  # x0, y0, x1, y1
HEIGHT, WIDTH = 120, 160


def frames_with(boxes_of: Callable[[int], Sequence[Box]], num_frames: int) -> np.ndarray:
    """Return (T, 120, 160, 3): grey noise with a white square at each box of frame t."""
    frames = np.random.default_rng(0).integers(0, 90, (num_frames, HEIGHT, WIDTH, 3)).astype(np.uint8)
    for t in range(num_frames):
        for x0, y0, x1, y1 in boxes_of(t):
            frames[t, y0:y1, x0:x1] = 255
    return frames


def write_video(
    path: Path,
    frames: np.ndarray,
    fps: int = 25,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: Mapping[str, str] = MappingProxyType({}),
    times: Sequence[int] | None = None,
) -> Path:
    """Encode frames, as H.264 by default; `times` in milliseconds make the frame rate variable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = {"crf": "10"} if codec == "libx264" else {}
    options = {**settings, **options}
    header = {"movflags": options.pop("movflags")} if "movflags" in options else {}
    with av.open(str(path), "w", options=header) as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i, pixels_ in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels_, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[i], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turn(path: Path, degrees: int) -> Path:
    """Mark an MP4 for clockwise rotation as phones do, in its track header; the pixels stay as they are."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd") + 4
    matrix = header + (40 if content[header] == 0 else 52)
    cos, sin = round(np.cos(np.radians(degrees))), round(np.sin(np.radians(degrees)))
    values = (cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    content[matrix : matrix + 36] = struct.pack(">9i", *values)
    path.write_bytes(content)
    return path


def one_face(t: int) -> Sequence[Box]:
    return [(40 + t // 4, 30, 90 + t // 4, 80)]


def two_faces(t: int) -> Sequence[Box]:
    return [(10, 20, 70, 80), (100, 40, 140, 80)]


def no_face(t: int) -> Sequence[Box]:
    return []


class BrightSquares(Finder):
    """Finds white squares: first white columns, then the rows in each."""

    def find(self, frames: np.ndarray) -> list[Faces]:
        return [self._squares(frame.min(-1) > 200) for frame in frames]

    @staticmethod
    def _squares(white: np.ndarray) -> Faces:
        columns = np.flatnonzero(white.sum(0) > 10)
        boxes = []
        for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
            if len(run) > 10:
                rows = np.flatnonzero(white[:, run].sum(1) > len(run) / 2)
                boxes.append((run[0], rows[0], run[-1] + 1, rows[-1] + 1))
        n = len(boxes)
        return Faces(np.array(boxes, np.float32).reshape(n, 4), np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))
