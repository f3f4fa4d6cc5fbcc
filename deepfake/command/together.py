"""The processes of one run, as torchrun or srun starts them: one folder, one extraction, and none waits for the dead.

They may begin minutes apart and on several machines, and torch knows of them only once a training begins. Until then
they speak through small files in `outputs/.ranks/<launch>`, on the disk that they share anyway. Each process shows that
it lives by counting in a file of its own; a count that was seen to move is of this launch, and not of an earlier one.
"""

import atexit
import os
import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from deepfake.atomic import write_atomic
from deepfake.command.entry import mistake_of
from deepfake.errors import TrainingError
from deepfake.names import shown

T = TypeVar("T")
BEAT = 1.0  # seconds between two counts
SILENT = 300.0  # seconds without a count, after which a process is taken for dead: disks of clusters have pauses
COMING = 900.0  # seconds, for the last process to come after the first
_INTERACTIVE = ("bash", "interactive")  # jobs that Lightning takes for none either
GRACE = 20.0  # seconds, for a process to end by itself when another has failed


def size(environ: Mapping[str, str] = os.environ) -> int:
    """How many processes torchrun or srun has started for this run; 1 if neither has."""
    if "TORCHELASTIC_RUN_ID" in environ:
        return int(environ["WORLD_SIZE"])
    if "SLURM_STEP_ID" in environ and environ.get("SLURM_JOB_NAME") not in _INTERACTIVE:
        return int(environ.get("SLURM_NTASKS", "1"))
    return 1


def launch_name(environ: Mapping[str, str] = os.environ) -> str:
    """A name that all processes of a launch give it, and no two launches that go on at one time in one folder."""
    if "TORCHELASTIC_RUN_ID" not in environ:
        names = ["SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT"]
        return "-".join(["slurm", *(environ.get(name, "0") for name in names)])
    names = ["TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT"]
    one_machine = environ.get("LOCAL_WORLD_SIZE") == environ["WORLD_SIZE"]
    parts = ["torchrun", *(environ.get(name, "0") for name in names), *([socket.gethostname()] if one_machine else [])]
    return re.sub(r"[^\w.-]", "_", "-".join(parts))


class Ranks:
    """What the processes of a launch tell each other.

    Args:
        folder: that all of them see.
        rank: of this one.
        count: how many there are.
        unique: whether no other launch has had this folder, so that all that is found there may be believed.
    """

    def __init__(self, folder: Path, rank: int, count: int, *, unique: bool = False) -> None:
        self.unique = unique
        self.folder = folder
        self.rank = rank
        self.others = [other for other in range(count) if other != rank]
        self._beats: dict[int, tuple[str, float]] = {}  # the latest count of another, and when it came
        self._seen: set[int] = set()  # whose count has moved
        self._ended = threading.Event()

    def begin(self) -> None:
        """Show from now on that this process lives, until it ends."""
        if self.rank == 0 and not self.unique:
            shutil.rmtree(self.folder, ignore_errors=True)  # of an earlier launch of the same name
        self.folder.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._live, daemon=True).start()
        atexit.register(self.end, "it ended early")

    def end(self, failure: str | None = None) -> None:
        """Say that this process has ended; the first thing that is said of it stands."""
        if self._ended.is_set():
            return
        self._ended.set()
        with suppress(OSError):
            self._write(f"ended-{self.rank}", failure or "")
            if all((self.folder / f"ended-{rank}").exists() for rank in self.others):
                shutil.rmtree(self.folder)

    def publish(self, name: str, content: str = "") -> None:
        """Tell the others something; they `read` it by its name."""
        self._write(f"said-{self.rank}-{name}", content)

    def read(self, rank: int, name: str) -> str:
        """Wait for what another process publishes.

        Raises:
            TrainingError: it has failed, is silent, or has not come.
        """
        path, begun = self.folder / f"said-{rank}-{name}", time.monotonic()
        while True:
            self._require_no_failure()
            self._listen()
            if (self.unique or rank in self._seen) and path.exists():
                return path.read_text()
            if rank not in self._seen and time.monotonic() - begun > COMING:
                raise TrainingError(
                    f"process {rank} of this run has not come within {COMING:.0f} s: see its output, and start all of "
                    "them again"
                )
            time.sleep(BEAT / 4)

    def meet(self, name: str) -> None:
        """Wait until all processes have come here.

        Raises:
            TrainingError: one does not come.
        """
        self.publish(name)
        for rank in self.others:
            self.read(rank, name)

    def failure(self, silent: float = SILENT) -> str | None:
        """What is known of another process that has ended too early.

        Args:
            silent: seconds without a count, after which it is taken for dead.
        """
        for rank in self.others:
            path = self.folder / f"ended-{rank}"
            # The first clears away what an earlier launch has left.
            fresh = self.unique or self.rank == 0 or 0 in self._seen
            if fresh and (reason := _read_or_nothing(path)):
                return f"process {rank} of this run failed, so this one ends too: {reason}"
            count, when = self._beats.get(rank, ("", time.monotonic()))
            if count and not path.exists() and time.monotonic() - when > silent:
                return f"process {rank} of this run is gone, or silent for {silent:.0f} s, so this one ends too"
        return None

    def _require_no_failure(self) -> None:
        if failure := self.failure():
            raise TrainingError(f"{failure}; mend that, and start all of them again")

    def _listen(self) -> None:
        for rank in self.others:
            with suppress(OSError):
                count = (self.folder / f"lives-{rank}").read_text()
                if rank in self._beats and self._beats[rank][0] != count:
                    self._seen.add(rank)
                if rank not in self._beats or self._beats[rank][0] != count:
                    self._beats[rank] = (count, time.monotonic())

    def _live(self) -> None:
        """Count, and end this process if another has failed and this one stays: it waits for that one inside torch."""
        failed_since = None
        for count in range(sys.maxsize):
            if self._ended.wait(BEAT):
                return
            with suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._write(f"lives-{self.rank}", f"{os.getpid()}-{count}")
            self._listen()
            failure = self.failure()
            failed_since = None if failure is None else failed_since or time.monotonic()
            if failed_since is not None and time.monotonic() - failed_since > GRACE:
                sys.stderr.write(f"error: {failure}\n")
                sys.stderr.flush()
                self.end("it waited for a process that had failed")
                os._exit(1)

    def _write(self, name: str, content: str) -> None:
        write_atomic(self.folder / name, content.encode())


def _read_or_nothing(path: Path) -> str:
    """Read a file that another process may just be removing, as the last one to end removes the folder."""
    try:
        return path.read_text()
    except OSError:
        return ""


_ranks: list[Ranks] = []  # of this process, once it has begun; there is one or none


def begin(rank: int, count: int) -> Ranks:
    """Join the other processes of this launch.

    Args:
        rank: of this one.
        count: of all of them.
    """
    folder = (Path("outputs") / ".ranks" / launch_name()).absolute()
    ranks = Ranks(folder, rank, count, unique=folder.name.startswith("slurm"))  # whose numbers do not come again
    ranks.begin()
    _ranks.append(ranks)
    return ranks


@contextmanager
def together() -> Iterator[None]:
    """Let all processes of this run end if one of them fails inside; with one alone this does nothing.

    Raises:
        TrainingError: another process has failed first.
    """
    if not _ranks:
        yield
        return
    ranks = _ranks[-1]
    try:
        yield
    except BaseException as error:
        from_torch = isinstance(error, RuntimeError)  # it may have lost another before that one's silence is noticed
        time.sleep(5 * BEAT if from_torch else 0)
        if isinstance(error, Exception) and (failure := ranks.failure(4 * BEAT if from_torch else SILENT)):
            ranks.end(failure)
            raise TrainingError(failure) from error
        ranks.end(mistake_of(error) or shown(f"{type(error).__name__}: {error}"))
        raise
    ranks.end()


def in_turn(name: str, work: Callable[[], T]) -> T:
    """Let the first process do something, and then the others, who find it done.

    Args:
        name: of the work, another for each.
        work: without torch's collectives.

    Raises:
        TrainingError: the first process has failed.
    """
    if not _ranks:
        return work()
    ranks = _ranks[-1]
    if ranks.rank > 0:
        ranks.read(0, name)
        return work()
    result = work()
    ranks.publish(name)
    return result


def meet(name: str) -> None:
    """Wait for all processes of this run, before torch does, which would wait for the dead as well."""
    if _ranks:
        _ranks[-1].meet(name)
