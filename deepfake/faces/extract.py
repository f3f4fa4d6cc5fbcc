"""Videos -> face store: worker processes decode, detect and crop; a background thread writes the results.

A file that cannot be read costs only its own video, which gets a row with the reason; so does a fault of the machine or
the program. Videos that are in the store are skipped, except those that failed.

Each worker has its own reader and finder, and one thread: a finder's many small operations gain nothing from a second
thread on a CPU, and run up to twenty times slower when threads share a core. On a GPU the workers share it.

Reals come before their fakes: a fake can reuse the boxes of its real, and its real shows which face was changed.
Other runs may extract into the same store at the same time: see `deepfake.faces.sharing`.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import count, islice
from multiprocessing.context import BaseContext
from pathlib import Path
from types import MappingProxyType
from typing import Self

from deepfake.errors import DeepfakeError, ExtractionError
from deepfake.faces.finders import Finder
from deepfake.faces.phase import Board, LapLimit, board_size, share_of, vacate
from deepfake.faces.recipe import Recipe
from deepfake.faces.server import worker_context
from deepfake.faces.setbacks import DecoderLost, Setbacks, WorkersLost, cure, outcome
from deepfake.faces.sharing import Shared, Video
from deepfake.faces.video_faces import Found, without_faces
from deepfake.faces.workers import Fault, FindFaces, Job, Work, module_of, one_line, worker_pool
from deepfake.ranges import Above0, Processes
from deepfake.schema import Status, VideoRow
from deepfake.store import Claims, FaceStore, Pile, facts
from deepfake.video.door import READERS

log = logging.getLogger(__name__)
Watch = Callable[[str, float], None]  # is told the id of a video and how much of it is done, from 0 to 1
POLL_S = 0.5  # between two looks at what is done of a video
MOST_LOST = 3  # times in a row that all workers may be lost


def extract(
    todo: Mapping[str, Path],
    store: FaceStore,
    make_finder: Callable[[], Finder],
    recipe: Recipe,
    *,
    pairs: Mapping[str, str] = MappingProxyType({}),
    num_workers: Processes = 2,
    timeout_s: Above0 = 300,
    readers: Sequence[str] = READERS,
    watch: Watch | None = None,
) -> Iterator[VideoRow]:
    """Extract the faces of videos into the store; the caller builds its tables afterwards.

    Args:
        todo: video_id -> file.
        store: an open store.
        make_finder: makes the finder; picklable.
        recipe: what to store.
        pairs: video_id of a fake -> that of its real, which is in the store, in `todo`, or unavailable.
        num_workers: processes; each holds one segment's frames, and crops of at most twice as many videos wait.
        timeout_s: time limit for a video, or for each `LAP` frames of it; if its decoder hung, another reader tries
            the video.
        readers: video readers, in the order in which they are tried.
        watch: is told now and then, while no video ends, of the one that is furthest.

    Yields:
        The row of each video once it is on disk, written by this run or another: all reals before the fakes of `pairs`.

    Raises:
        StoreError: the store cannot be written to.
        ExtractionError: five videos in a row failed for the same reason, or the finder cannot be made.
    """
    context = worker_context(module_of(make_finder))
    _try_out(make_finder)
    work = FindFaces(make_finder, recipe, store, readers)
    yield from carry_out(
        work, todo, store, context, pairs=pairs, num_workers=num_workers, timeout_s=timeout_s, watch=watch
    )


def carry_out(
    work: Work,
    todo: Mapping[str, Path],
    store: FaceStore,
    context: BaseContext,
    *,
    pairs: Mapping[str, str] = MappingProxyType({}),
    num_workers: Processes = 2,
    timeout_s: Above0 = 300,
    watch: Watch | None = None,
) -> Iterator[VideoRow]:
    """Have workers do something with videos, and write what they find into the store.

    Args:
        work: what to do; picklable.
        todo: see `extract`, as for what follows.
        store: an open store.
        context: starts the workers.
        pairs: see `extract`.
        num_workers: processes.
        timeout_s: see `extract`.
        watch: see `extract`.

    Yields:
        See `extract`.

    Raises:
        StoreError: the store cannot be written to.
        ExtractionError: five videos in a row failed for the same reason.
    """
    failed_before = {video_id for video_id in todo if store.failed(video_id)}
    setbacks, failed = Setbacks(), set[str]()
    num_elsewhere = 0
    with (
        store.disk.claims() as claims,
        store.disk.scratch() as scratch,
        ThreadPoolExecutor(max_workers=1) as writer,
        _Crew(context, work, num_workers, timeout_s, scratch, watch) as crew,
    ):
        try:
            for part in (todo.keys() - pairs.keys(), todo.keys() & pairs.keys()):
                jobs = [(video_id, todo[video_id], pairs.get(video_id)) for video_id in sorted(part)]
                shared = Shared(jobs, store, claims)
                while shared.left:
                    for row in _write_behind(crew.work_ahead(shared.claimed(), failed), store, claims, writer):
                        yield row
                        if row.status == Status.FAILED:
                            failed.add(row.video_id)
                        setbacks.note(row, known=row.video_id in failed_before)
                    for row in shared.taken_elsewhere():
                        num_elsewhere += 1
                        yield row
                    shared.wait()
            if num_elsewhere:
                log.info("%d of %d videos were extracted by other runs at the same time", num_elsewhere, len(todo))
        except BaseException:
            crew.pool.stop()  # nobody would write what the workers still find
            raise


def _try_out(make_finder: Callable[[], Finder]) -> None:
    """Make a finder, so that an error in it is reported once and not by every worker.

    Raises:
        DeepfakeError: the finder cannot be made.
    """
    try:
        make_finder()
    except DeepfakeError:
        raise
    except Exception as error:  # for example, the GPU is out of memory
        raise ExtractionError(f"the finder cannot be made: {one_line(error)}. {cure(str(error))}") from error


def _write_behind(
    found: Iterable[Found], store: FaceStore, claims: Claims, writer: ThreadPoolExecutor
) -> Iterator[VideoRow]:
    """Write videos in the background while workers find more; when this ends, all are on disk."""

    def write(each: Found) -> VideoRow:
        try:
            row = store.write(each.row, each.crops, each.images)
        finally:
            each.images.discard()
        claims.release(row.video_id)
        return row

    written: deque[Future[VideoRow]] = deque()
    for each in found:
        written.append(writer.submit(write, each))
        while len(written) > 2 or (written and written[0].done()):
            yield written.popleft().result()
    for future in written:
        yield future.result()


class _Crew:
    """The workers and their current jobs.

    Args:
        context: starts the processes.
        work: what a worker does with a job.
        num_workers: number of processes.
        timeout_s: a job whose lap takes longer is stopped.
        scratch: folder for crops that are too many for memory.
        watch: is told of progress.
    """

    def __init__(
        self,
        context: BaseContext,
        work: Work,
        num_workers: int,
        timeout_s: float,
        scratch: Path,
        watch: Watch | None = None,
    ) -> None:
        self.work = work
        self.timeout_s = timeout_s
        self._piles = (scratch / f"{number}" for number in count())
        self.watch = watch
        self._board: Board = context.RawArray("d", board_size(2 * num_workers))
        self._free = list(range(2 * num_workers))
        self._ahead: dict[Future, Job] = {}
        self._new_pool = partial(worker_pool, context, num_workers, self._board)
        self._num_lost = 0
        self.pool = self._new_pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.close()
        self.pool.join()

    def work_ahead(self, videos: Iterable[Video], failed: Set[str]) -> Iterator[Found]:
        """Work on at most twice as many videos as there are workers at a time, and yield results as they arrive.

        Args:
            videos: the videos to extract.
            failed: ids of the videos that failed in this run; the caller adds to it meanwhile.
        """
        waiting = iter(videos)
        while True:
            for video in islice(waiting, len(self._free)):
                self._start(Job(*video, place=self._free.pop()))
            if not self._ahead:
                return
            for future in self._ended():
                job = self._ahead.pop(future)
                result = outcome(future, self._board, job.place, self.timeout_s)
                if isinstance(result, WorkersLost):
                    self._begin_again([job, *self._ahead.values()])
                    break  # what else is done belongs to the workers that were lost
                self._num_lost = 0
                found = self._settle(job, result)
                if found is None or found.images.path is None:
                    Pile(job.pile).discard()
                if found is None:
                    self._start(replace(job, first_reader=job.first_reader + 1))
                    continue
                self._free.append(job.place)
                if job.real_id in failed:  # try again in the next run: with its real, other faces may be found
                    found = replace(found, row=replace(found.row, num_bytes=-1))
                yield found

    def _ended(self) -> Collection[Future]:
        """Wait until a job ends."""
        poll_s = POLL_S if self.watch else None
        while not (done := wait(self._ahead, poll_s, return_when=FIRST_COMPLETED).done):
            if self.watch:
                share, video_id = max((share_of(self._board, job.place), job.video_id) for job in self._ahead.values())
                if share:
                    self.watch(video_id, share)
        return done

    def _start(self, job: Job) -> None:
        vacate(self._board, job.place)
        job = replace(job, pile=next(self._piles))
        limit = LapLimit(self.timeout_s, self._board, job.place)
        self._ahead[self.pool.schedule(self.work, (job,), timeout=limit)] = job

    def _begin_again(self, jobs: Sequence[Job]) -> None:
        """Give the jobs of lost workers to new ones.

        A worker that is killed within milliseconds of taking a video takes the whole pool with it; one that is killed
        later is noted against its video alone.

        Raises:
            ExtractionError: workers were lost three times, and no video was done in between.
        """
        self._num_lost += 1
        if self._num_lost == MOST_LOST:
            raise ExtractionError(
                "the worker processes die before they begin: give them more memory (extract.num_workers=1 "
                "starts one alone), or see what they say above"
            )
        self.pool.stop()
        self.pool.join()
        self._ahead.clear()
        self.pool = self._new_pool()
        for job in jobs:
            Pile(job.pile).discard()
            self._start(job)

    def _settle(self, job: Job, result: Found | Fault | DecoderLost) -> Found | None:
        """Return what to store for a video, or None if another reader should try it."""
        if isinstance(result, Fault):
            return without_faces(VideoRow(job.video_id, Status.FAILED, result.reason))
        if isinstance(result, DecoderLost):
            if job.first_reader + 1 < len(self.work.readers):
                return None
            return without_faces(VideoRow(job.video_id, Status.UNREADABLE, result.reason, **facts(job.path)))
        return result
