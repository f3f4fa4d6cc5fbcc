"""The worker processes: what each does with a video, and what it does when it begins and ends."""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import parent_process
from multiprocessing.context import BaseContext
from pathlib import Path

import numpy as np
import torch
from pebble import ProcessPool

from deepfake.errors import DeepfakeError
from deepfake.faces.finders import Faces, Finder
from deepfake.faces.phase import Board, Phase, beat, phase, use_board, use_place
from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import Found, extract_video
from deepfake.names import shown
from deepfake.schema import Status
from deepfake.store import FaceStore
from deepfake.video.decoder import Decoder
from deepfake.video.door import READERS

MakeFinder = Callable[[], Finder]


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that is not the fault of the file.

    Attributes:
        reason: what happened, in one line.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Job:
    """One video to work on.

    Attributes:
        video_id: id in the corpus.
        path: the file.
        real_id: id of the real that it was made from, if the corpus knows it.
        place: its own place on the board of phases while it is in progress.
        first_reader: index of the reader that is tried first.
        pile: path of the `Pile` of its crops.
    """

    video_id: str
    path: Path
    real_id: str | None
    place: int
    first_reader: int = 0
    pile: Path | None = None


class Work(ABC):
    """What a worker does with a video.

    Attributes:
        readers: video readers, in the order in which they are tried.
    """

    readers: Sequence[str]

    def __call__(self, job: Job) -> Found | Fault:
        """
        Raises:
            DeepfakeError: a mistake that the user can correct and that affects all videos, such as missing weights.
        """
        use_place(job.place)
        try:
            found = self.found(job)
            if found.row.status == Status.UNREADABLE:
                _read_through(job.path)
            return found
        except DeepfakeError:
            raise
        except BaseException as error:  # whatever it is, the other videos must go on
            return Fault(one_line(error))

    @abstractmethod
    def found(self, job: Job) -> Found:
        """Return what is stored of the video of a job."""


class FindFaces(Work):
    """Looks for faces; makes its finder for the first video and keeps it."""

    _finder: Finder | None = None  # one per process

    def __init__(
        self, make_finder: MakeFinder, recipe: Recipe, store: FaceStore, readers: Sequence[str] = READERS
    ) -> None:
        self.make_finder = make_finder
        self.recipe = recipe
        self.store = store
        self.readers = readers

    def found(self, job: Job) -> Found:
        return extract_video(
            job.video_id,
            job.path,
            self._own_finder(),
            self.recipe,
            self.store,
            real_id=job.real_id,
            readers=self.readers,
            first_reader=job.first_reader,
            pile=job.pile,
        )

    def _own_finder(self) -> Finder:
        if FindFaces._finder is None:
            torch.set_num_threads(1)
            FindFaces._finder = _RecordedFinder(self.make_finder())
        return FindFaces._finder


class _RecordedFinder(Finder):
    """A finder that records when it is at work."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder

    def find(self, frames: np.ndarray) -> list[Faces]:
        with phase(Phase.FIND):
            return self.finder.find(frames)


def _read_through(path: Path) -> None:
    """Read a file to its end, to tell one that no decoder can read from one that the machine cannot deliver.

    Raises:
        OSError: for example, the disk fails, access is denied, or too many files are open.
    """
    if path.is_file():
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def one_line(error: BaseException) -> str:
    """The type of an error and the first line of its message."""
    return shown(f"{type(error).__name__}: {error}".strip().splitlines()[0])


def module_of(make_finder: MakeFinder) -> str:
    """The module of the function that makes a finder."""
    return (make_finder.func if isinstance(make_finder, partial) else make_finder).__module__


def worker_pool(context: BaseContext, num_workers: int, board: Board) -> ProcessPool:
    """Return a pool of workers that record their phases on the board; they start at the first job."""
    return ProcessPool(max_workers=num_workers, context=context, initializer=_begin, initargs=(dict(os.environ), board))


def _begin(environment: Mapping[str, str], board: Board) -> None:
    os.environ.clear()  # the server's environment dates from its own start
    os.environ.update(environment)
    use_board(board)
    Decoder.heartbeat = beat
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the run ends or is killed, since nobody would write what it finds."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
