"""The processes that extract: what one of them does with a video, and what it does when it begins and ends."""

import os
import threading
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
from deepfake.faces.phase import Board, Phase, beat, phase, share, take_place
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
    """Why a video could not be worked on, through no fault of the file.

    Attributes:
        reason: in one line.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Job:
    """One video to work on.

    Attributes:
        video_id: as in the corpus.
        path: the file.
        real_id: of the video that it was made from, if the corpus knows one.
        place: on the board of phases, its own as long as it is worked on.
        first_reader: place of the reader that is tried first.
    """

    video_id: str
    path: Path
    real_id: str | None
    place: int
    first_reader: int = 0


class Work:
    """What a worker does with a video; its finder is made at the first and kept."""

    _finder: Finder | None = None  # of this process

    def __init__(
        self, make_finder: MakeFinder, recipe: Recipe, store: FaceStore, readers: Sequence[str] = READERS
    ) -> None:
        self.make_finder = make_finder
        self.recipe = recipe
        self.store = store
        self.readers = readers

    def __call__(self, job: Job) -> Found | Fault:
        """
        Raises:
            DeepfakeError: what a user can mend, and what no other video would be spared, as weights that are missing.
        """
        take_place(job.place)
        try:
            found = extract_video(
                job.video_id,
                job.path,
                self._own_finder(),
                self.recipe,
                self.store,
                real_id=job.real_id,
                readers=self.readers,
                first_reader=job.first_reader,
            )
            if found.row.status == Status.UNREADABLE:
                _read_through(job.path)
            return found
        except DeepfakeError:
            raise
        except BaseException as error:  # whatever it is, it must not end the work on the other videos
            return Fault(one_line(error))

    def _own_finder(self) -> Finder:
        if Work._finder is None:
            torch.set_num_threads(1)
            Work._finder = _Noted(self.make_finder())
        return Work._finder


class _Noted(Finder):
    """A finder at whose work it is seen to be."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder

    def find(self, frames: np.ndarray) -> list[Faces]:
        with phase(Phase.FIND):
            return self.finder.find(frames)


def _read_through(path: Path) -> None:
    """Tell a file that no decoder can read from one that the machine does not hand over.

    Raises:
        OSError: as when the disk fails, the file may not be read, or too many are open.
    """
    if path.is_file():
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def one_line(error: BaseException) -> str:
    """An error's kind and the first line of what it says."""
    return shown(f"{type(error).__name__}: {error}".strip().splitlines()[0])


def module_of(make_finder: MakeFinder) -> str:
    """Where a finder is made."""
    return (make_finder.func if isinstance(make_finder, partial) else make_finder).__module__


def worker_pool(context: BaseContext, num_workers: int, board: Board) -> ProcessPool:
    """Workers that note on the board what they do; they start at the first job."""
    return ProcessPool(max_workers=num_workers, context=context, initializer=_begin, initargs=(dict(os.environ), board))


def _begin(environment: Mapping[str, str], board: Board) -> None:
    os.environ.clear()  # the server's is that of the moment at which it was started
    os.environ.update(environment)
    share(board)
    Decoder.heartbeat = beat
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker does not outlive the run, even one that was killed: what it would find nobody would write."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
