"""Videos -> face store: worker processes decode, detect and cut; what they found is written in the background.

A file that cannot be read, a decoder that hangs and a worker that dies cost that one video a row with a reason; the
rest goes on. What is in the store is not done again.

Each worker has a reader and a finder of its own, and one thread: a finder's many small operations gain nothing from
a second thread on a CPU, and lose up to twenty times when they have to share a core. On a GPU the workers share it.

Reals come before their fakes, since a fake can take its boxes from its real, and its real tells which face was changed.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, TimeoutError, wait
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from types import MappingProxyType

import torch
from pebble import ProcessExpired, ProcessPool

from deepfake.errors import DeepfakeError
from deepfake.faces.finders.finder import Finder
from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import Found, extract_video, nothing
from deepfake.schema import Status, VideoRow
from deepfake.store import FaceStore, file_size
from deepfake.video.door import READERS

Job = tuple[str, Path, str | None]  # video_id, file, video_id of the real


def extract(
    todo: Mapping[str, Path],
    store: FaceStore,
    make_finder: Callable[[], Finder],
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
        make_finder: makes the finder; picklable.
        recipe: what to store.
        pairs: video_id of a fake -> that of its real, which is in the store, among `todo`, or not to be had.
        num_workers: processes; each has one segment of frames in memory, and at most twice as many videos' crops wait.
        timeout_s: a video that takes a worker longer is tried with the other reader, then given up.

    Yields:
        What became of each video, once it is on disk: all reals before the fakes of `pairs`.

    Raises:
        StoreError: the store cannot be written to.
    """
    make_finder()  # what is wrong with its weights is said here, once
    work = _Work(make_finder, recipe, store)
    # Not forked: torch's and decord's threads do not survive a fork.
    pool = ProcessPool(max_workers=num_workers, context=get_context("spawn"), initializer=_end_with_parent)
    with ThreadPoolExecutor(max_workers=1) as writer, pool:
        try:
            for part in (todo.keys() - pairs.keys(), todo.keys() & pairs.keys()):
                jobs = [(video_id, todo[video_id], pairs.get(video_id)) for video_id in sorted(part)]
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
    """What a worker does with a video; its finder is made at the first and kept."""

    _finder: Finder | None = None  # of this process

    def __init__(self, make_finder: Callable[[], Finder], recipe: Recipe, store: FaceStore) -> None:
        self.make_finder = make_finder
        self.recipe = recipe
        self.store = store

    def __call__(self, video_id: str, path: Path, real_id: str | None, first_reader: int) -> Found:
        if _Work._finder is None:
            torch.set_num_threads(1)
            _Work._finder = self.make_finder()
        return extract_video(
            video_id, path, _Work._finder, self.recipe, self.store, real_id=real_id, first_reader=first_reader
        )


def _end_with_parent() -> None:
    """A worker does not outlive the run, even one that was killed: what it would find nobody would write."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work_ahead(pool: ProcessPool, jobs: Iterable[Job], work: _Work, at_most: int, timeout_s: float) -> Iterator[Found]:
    """Work on at most so many videos at a time, and yield what is found as it comes."""
    waiting = iter(jobs)
    ahead: dict[Future, tuple[Job, int]] = {}
    while True:
        for job in islice(waiting, at_most - len(ahead)):
            ahead[pool.schedule(work, (*job, 0), timeout=timeout_s)] = job, 0
        if not ahead:
            return
        for future in wait(ahead, return_when=FIRST_COMPLETED).done:
            job, first_reader = ahead.pop(future)
            found, reason = _outcome(future, timeout_s)
            if found:
                yield found
            elif first_reader + 1 < len(READERS):
                # It hung or died. Another decoder may not; nothing else changes.
                ahead[pool.schedule(work, (*job, first_reader + 1), timeout=timeout_s)] = job, first_reader + 1
            else:
                yield _given_up(work.store, job, reason)


def _outcome(future: Future, timeout_s: float) -> tuple[Found | None, str]:
    """What a worker found; or nothing, and what became of it."""
    try:
        return future.result(), ""
    except TimeoutError:
        return None, f"not done within {timeout_s:g} s"
    except ProcessExpired as error:
        return None, f"the process that decoded it died (exit code {error.exitcode})"
    except DeepfakeError:
        raise
    except Exception as error:  # one file of a corpus must not end the work on the others
        return None, f"{type(error).__name__}: {error}".splitlines()[0]


def _given_up(store: FaceStore, job: Job, reason: str) -> Found:
    """The row of a video that no reader survived.

    That may be the machine's fault, as when memory ran out. So the first time it is stored without the file's size,
    which does not count as done, and the next run tries it again; the second time it stays.
    """
    video_id, path, _ = job
    before = store.stored(video_id)
    again = before is None or before[0].num_bytes != -1
    return nothing(VideoRow(video_id, Status.UNREADABLE, reason, num_bytes=-1 if again else file_size(path)))
