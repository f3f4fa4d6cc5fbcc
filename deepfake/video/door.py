"""The only way to open video files: a reader for a path, whichever library reads it.

PyAV reads every video that can be read, and Pillow images, which are videos of one frame. decord, which has wheels for
some platforms only, is compared with PyAV frame by frame: if the user chooses it, and when a file is retried on which
PyAV hung or died.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from deepfake.errors import ConfigError, UnreadableVideoError
from deepfake.schema import IMAGE_SUFFIXES
from deepfake.video.av_reader import AvReader
from deepfake.video.image_reader import ImageReader
from deepfake.video.reader import VideoInfo, VideoReader

T = TypeVar("T")

READERS: tuple[str, ...] = ("av", "decord") if find_spec("decord") else ("av",)


def readers_for(choice: Literal["auto", "av", "decord"]) -> tuple[str, ...]:
    """Return the readers in the order in which to try them.

    Args:
        choice: `auto`, or the name of a reader.

    Raises:
        ConfigError: this platform has no such reader.
    """
    if choice == "auto":
        return READERS
    if choice not in READERS:
        raise ConfigError(f"extract.reader is {choice!r}, which has no wheel for this platform: choose auto or av")
    return (choice,)


def open_video(path: Path, reader: str = "av") -> VideoReader:
    """Open a file with one reader; the caller closes it, for example using `with`.

    Args:
        path: the file.
        reader: one of `READERS`.

    Raises:
        UnreadableVideoError: the file is missing, empty, or not a video that this reader can decode.
        OSError: the machine cannot read the file.
    """
    if not path.is_file():
        raise UnreadableVideoError(path, "no such file")
    if path.stat().st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageReader(path)
    if reader == "av":
        return AvReader(path)
    from deepfake.video.decord_reader import DecordReader  # imported here, since not every platform has decord

    return DecordReader(path)


def probe(path: Path) -> VideoInfo:
    """Describe a file, using the first reader that opens it.

    Raises:
        UnreadableVideoError: no reader opens it.
    """
    return _first_that_can(path, lambda video: video.info)


def read(path: Path, indices: Sequence[int]) -> np.ndarray:
    """Read the frames at `indices`, using the first reader that can decode them.

    Returns:
        (T, H, W, 3) uint8 RGB, in the order of `indices`.

    Raises:
        UnreadableVideoError: no reader can, or an index lies outside the video.
    """
    return _first_that_can(path, lambda video: video.read(indices))


def _first_that_can(path: Path, ask: Callable[[VideoReader], T]) -> T:
    errors = []
    for reader in READERS:
        try:
            with open_video(path, reader) as video:
                return ask(video)
        except UnreadableVideoError as error:
            errors.append(error)
    raise errors[0]
