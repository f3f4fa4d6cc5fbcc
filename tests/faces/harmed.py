"""Finders and readers that fail, hang, die or are slow in a worker, and pictures on which they do."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing import parent_process
from pathlib import Path

import numpy as np
import torch

from deepfake.errors import WeightsError
from deepfake.faces import phase, video_faces
from deepfake.faces.finders import Finder
from deepfake.store import Pile
from deepfake.video.reader import VideoReader
from tests.fakes import BrightSquares

BLACK = np.random.default_rng(0).integers(0, 20, (16, 120, 160, 3)).astype(np.uint8)  # almost; frozen ones are lost


def harm(kind: str) -> None:
    """Make a finder or a reader fail in this way."""
    if kind in ("dies", "is killed"):
        time.sleep(1)  # a worker lost within milliseconds is another case, which is retried
    match kind:
        case "dies":
            os._exit(3)
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs":
            time.sleep(600)
        case "exits":
            raise SystemExit(0)
        case "memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        case "bug":
            raise ZeroDivisionError("a bug")


class Harmed(BrightSquares):
    """Fails on frames that are almost black, or on all."""

    def __init__(self, kind: str, everywhere: bool = False) -> None:
        self.kind = kind
        self.everywhere = everywhere

    def find(self, frames: np.ndarray) -> list:
        if self.everywhere or frames.mean() < 30:
            harm(self.kind)
        return super().find(frames)


class Slow(BrightSquares):
    """Takes most of a second for each segment."""

    def find(self, frames: np.ndarray) -> list:
        time.sleep(0.7)
        return super().find(frames)


def slow_in_laps(frames: int) -> Finder:
    """Make a worker's time limit one of so many frames."""
    if parent_process() is not None:
        phase.LAP = frames
    return Slow()


def harmed_with_files(kind: str) -> Finder:
    """Keep all crops in files, and fail on frames that are almost black."""
    if parent_process() is not None:
        video_faces.Pile = partial(Pile, most=0)  # type: ignore[misc, assignment]
    return Harmed(kind)


def with_readers(change: Callable[[], None]) -> Finder:
    """Change the readers of a worker process only."""
    if parent_process() is not None:
        change()
    return BrightSquares()


def harm_readers(kind: str, names: Iterable[str], once: Path | None = None) -> None:
    """Make these readers fail on a file called a.mp4: always, or only until the file `once` exists."""
    read = VideoReader.read

    def harmed(self: VideoReader, indices: range) -> np.ndarray:
        if self.path.name == "a.mp4" and self.name in names and not (once and once.exists()):
            if once:
                once.touch()
            harm(kind)
        return read(self, indices)

    VideoReader.read = harmed  # type: ignore[method-assign]


def deny_file(error: int) -> None:
    """Make opening a file called a.mp4 fail."""
    opened = Path.open

    def denied(self: Path, *args: object, **options: object) -> object:
        if self.name == "a.mp4":
            raise OSError(error, os.strerror(error), str(self))
        return opened(self, *args, **options)  # type: ignore[call-overload]

    Path.open = denied  # type: ignore[method-assign]


def missing_weights() -> Finder:
    if parent_process() is None:
        return BrightSquares()
    raise WeightsError("weights.pth does not exist: get it")
