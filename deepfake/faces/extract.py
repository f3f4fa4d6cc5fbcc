"""Videos -> face store: worker processes decode, detect and cut; what they found is written in the background.

A file that cannot be read, a decoder that hangs and a worker that dies cost that one video a row with a reason; the
rest goes on. What is in the store is not done again.

Each worker has a reader and a detector of its own, and one thread: a detector's many small operations gain nothing from
a second thread on a CPU, and lose up to twenty times when they have to share a core. On a GPU the workers share it.

Reals come before their fakes, since a fake can take its boxes from its real, and its real tells which face was changed.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from types import MappingProxyType

import torch
from pebble import ProcessExpired, ProcessPool

from deepfake.faces.detector import FaceDetector
from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import Found, extract_video, nothing
from deepfake.schema import Status
from deepfake.store import FaceStore, VideoRow
from deepfake.video.door import READERS, readers_for


def extract(
    todo: Mapping[str, Path],
    store: FaceStore,
    make_detector: Callable[[], FaceDetector],
    recipe: Recipe,
    *,
    pairs: Mapping[str, str] = MappingProxyType({}),
    num_workers: int = 2,
    timeout_s: float = 300,
) -> Iterator[VideoRow]:
    """Bring the faces of videos into the store; its tables are built afterwards.

    Args:
        todo: video_id -> file.
        store: opened.
        make_detector: makes the detector; picklable.
        recipe: what to store.
        pairs: video_id of a fake -> that of its real, which is in the store, among `todo`, or not to be had.
        num_workers: processes; each has one segment of frames in memory, and at most twice as many videos' crops wait.
        timeout_s: a video that takes a worker longer is tried once more with the second reader, then given up.

    Yields:
        What became of each video, once it is on disk: by id, all reals before the fakes of `pairs`.

    Raises:
        StoreError: the store cannot be written to.
    """
    make_detector()  # what is wrong with its weights is said here, once
    work = _Work(make_detector, recipe, store, pairs)
    # Not forked: torch's and decord's threads do not survive a fork.
    pool = ProcessPool(max_workers=num_workers, context=get_context("spawn"), initializer=_end_with_parent)
    with ThreadPoolExecutor(max_workers=1) as writer, pool:
        try:
            for part in (todo.keys() - pairs.keys(), todo.keys() & pairs.keys()):
                jobs = [(video_id, todo[video_id]) for video_id in sorted(part)]
                yield from _write_behind(_work_ahead(pool, jobs, work, 2 * num_workers, timeout_s), store, writer)
        except BaseException:
            pool.stop()  # do not wait for what nobody will write
            raise


def _write_behind(found: Iterable[Found], store: FaceStore, writer: ThreadPoolExecutor) -> Iterator[VideoRow]:
    """Write while the next faces are looked for; the end of it means that all are on disk."""
    written: deque[Future[VideoRow]] = deque()
    for each in found:
        written.append(writer.submit(store.write, each.row, each.crops, each.images))
        while len(written) > 2 or (written and written[0].done()):
            yield written.popleft().result()
    for future in written:
        yield future.result()


class _Work:
    """What a worker does with a video; its detector is made at the first and kept."""

    _detector: FaceDetector | None = None  # of this process

    def __init__(
        self,
        make_detector: Callable[[], FaceDetector],
        recipe: Recipe,
        store: FaceStore,
        pairs: Mapping[str, str],
    ) -> None:
        self.make_detector = make_detector
        self.recipe = recipe
        self.store = store
        self.pairs = dict(pairs)

    def __call__(self, video_id: str, path: Path, readers: tuple[str, ...] | None = None) -> Found:
        if _Work._detector is None:
            torch.set_num_threads(1)
            _Work._detector = self.make_detector()
        real_id = self.pairs.get(video_id)
        return extract_video(video_id, path, _Work._detector, self.recipe, self.store, real_id=real_id, readers=readers)


def _end_with_parent() -> None:
    """A worker does not outlive the run, even one that was killed: what it would find nobody would write."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work_ahead(
    pool: ProcessPool, jobs: Iterable[tuple[str, Path]], work: _Work, at_most: int, timeout_s: float
) -> Iterator[Found]:
    """Work on at most so many videos at a time, and yield in order."""
    waiting = iter(jobs)
    ahead: deque = deque()
    while True:
        for job in islice(waiting, at_most - len(ahead)):
            ahead.append((job, pool.schedule(work, job, timeout=timeout_s)))
        if not ahead:
            return
        job, future = ahead.popleft()
        found, reason = _outcome(future, timeout_s)
        if found is None and len(READERS) > 1:
            # It hung or died. Another decoder may not; nothing else changes.
            again = pool.schedule(work, (*job, readers_for(job[1])[1:]), timeout=timeout_s)
            found, _ = _outcome(again, timeout_s)
        # Without the file's size it does not count as done and is tried again next time: the machine may be at fault.
        yield found or nothing(VideoRow(job[0], Status.UNREADABLE, reason, num_bytes=-1))


def _outcome(future: Future, timeout_s: float) -> tuple[Found | None, str]:
    """What a worker found; or nothing, and what became of the worker."""
    try:
        return future.result(), ""
    except TimeoutError:
        return None, f"not done within {timeout_s:g} s"
    except ProcessExpired as error:
        return None, f"the process that decoded it died (exit code {error.exitcode})"
