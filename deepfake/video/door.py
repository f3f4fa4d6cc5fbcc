"""The one door to video files: a reader for a path, whichever library it takes.

decord is the fast one; it has wheels for some platforms only, and it fails or hangs on some files that ffmpeg can read.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import numpy as np

from deepfake.errors import UnreadableVideoError
from deepfake.video.av_reader import AvReader, declared_frames
from deepfake.video.reader import VideoInfo, VideoReader

T = TypeVar("T")

# In the order in which they are tried.
READERS: tuple[str, ...] = ("decord", "av") if find_spec("decord") else ("av",)


def open_video(path: Path, reader: str = READERS[0]) -> VideoReader:
    """Open a file with one reader; to be closed, as by `with`.

    Args:
        path: the file.
        reader: one of `READERS`.

    Raises:
        UnreadableVideoError: the file is missing, empty, or no video that this reader can decode.
    """
    if not path.is_file():
        raise UnreadableVideoError(path, "no such file")
    if path.stat().st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")
    if reader == "decord":
        from deepfake.video.decord_reader import DecordReader  # here, since not every platform has it

        declared = declared_frames(path)  # first: decord prints a line of its own for a file without a header
        video = DecordReader(path)
        lost = max(0, declared - video.info.num_frames)
        video.info = replace(video.info, num_missing=lost)
        return video
    return AvReader(path)


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
    for reader in READERS[:-1]:
        try:
            with open_video(path, reader) as video:
                return ask(video)
        except UnreadableVideoError:
            continue
    with open_video(path, READERS[-1]) as video:
        return ask(video)
