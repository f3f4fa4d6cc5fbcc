"""The one door to video files: a reader for a path, whichever library it takes.

decord is the fast one; it has wheels for some platforms only, it fails or hangs on some files that ffmpeg can read, and
it takes memory for long ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import numpy as np

from deepfake.errors import UnreadableVideoError
from deepfake.video.av_reader import AvReader, Header, read_header
from deepfake.video.reader import VideoInfo, VideoReader

T = TypeVar("T")

READERS: tuple[str, ...] = ("decord", "av") if find_spec("decord") else ("av",)
# decord keeps much of what it has passed: 0.6 to 1.6 GB of an hour of 720p (2.6 GB), 0.9 GB of a 4K segment of eight
# frames. PyAV takes 0.06 and 0.4 GB.
LARGE_FILE = 250_000_000
LARGE_FRAME = 1920 * 1088


def readers_for(path: Path) -> tuple[str, ...]:
    """The readers in the order in which they are to be tried: decord first, but for large files and frames.

    Raises:
        UnreadableVideoError: the file is missing, empty, or has no header of a video.
    """
    header = _header(path)
    large = path.stat().st_size > LARGE_FILE or header.height * header.width > LARGE_FRAME
    return READERS[::-1] if large else READERS


def open_video(path: Path, reader: str | None = None) -> VideoReader:
    """Open a file with one reader; to be closed, as by `with`.

    Args:
        path: the file.
        reader: one of `READERS`; None is the first for this file.

    Raises:
        UnreadableVideoError: the file is missing, empty, or no video that this reader can decode.
    """
    header = _header(path)  # first: decord prints a line of its own for a file without one
    if (reader or readers_for(path)[0]) == "av":
        return AvReader(path)
    from deepfake.video.decord_reader import DecordReader  # here, since not every platform has it

    video = DecordReader(path)
    video.info = replace(video.info, num_missing=max(0, header.num_frames - video.info.num_frames))
    return video


def probe(path: Path) -> VideoInfo:
    """What a file is, by the first reader that opens it.

    Raises:
        UnreadableVideoError: none does.
    """
    return _first_that_can(path, lambda video: video.info)


def read(path: Path, indices: Sequence[int]) -> np.ndarray:
    """The frames at `indices`, by the first reader that can decode them.

    Returns:
        (T, H, W, 3) uint8 RGB, in the order of `indices`.

    Raises:
        UnreadableVideoError: none can, or an index lies outside the video.
    """
    return _first_that_can(path, lambda video: video.read(indices))


def _first_that_can(path: Path, ask: Callable[[VideoReader], T]) -> T:
    *others, last = readers_for(path)
    for reader in others:
        try:
            with open_video(path, reader) as video:
                return ask(video)
        except UnreadableVideoError:
            continue
    with open_video(path, last) as video:
        return ask(video)


def _header(path: Path) -> Header:
    if not path.is_file():
        raise UnreadableVideoError(path, "no such file")
    if path.stat().st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")
    return read_header(path)
