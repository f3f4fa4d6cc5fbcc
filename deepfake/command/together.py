"""Coordinates the processes of one run that torchrun or srun starts, so that none waits for one that has died.

They may start minutes apart and on several machines, and torch connects them only once training begins. Until then
they communicate through small files in `outputs/.ranks/<launch>`, on the disk that they share anyway. Each process
shows that it is alive by counting in a file of its own; a count that was seen to move belongs to this launch, not to
an earlier one.
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
SILENCE = 300.0  # seconds without a count after which a process is taken to be dead: disks of clusters may pause
ARRIVAL = 900.0  # seconds within which another process has to start
_INTERACTIVE = ("bash", "interactive")  # names of jobs that Lightning does not treat as launches either
GRACE = 20.0  # seconds in which a process may end by itself after another has failed


def num_processes(environ: Mapping[str, str] = os.environ) -> int:
    """Return how many processes torchrun or srun started for this run; 1 if neither did."""
    if "TORCHELASTIC_RUN_ID" in environ:
        return int(environ["WORLD_SIZE"])
    if "SLURM_STEP_ID" in environ and environ.get("SLURM_JOB_NAME") not in _INTERACTIVE:
        return int(environ.get("SLURM_NTASKS", "1"))
    return 1


def launch_name(environ: Mapping[str, str] = os.environ) -> str:
    """Return a name that all processes of a launch agree on and no other launch has in this folder at the same time."""
    if "TORCHELASTIC_RUN_ID" not in environ:
        names = ["SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT"]
        return "-".join(["slurm", *(environ.get(name, "0") for name in names)])
    names = ["TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT"]
    one_machine = environ.get("LOCAL_WORLD_SIZE") == environ["WORLD_SIZE"]
    parts = ["torchrun", *(environ.get(name, "0") for name in names), *([socket.gethostname()] if one_machine else [])]
    return re.sub(r"[^\w.-]", "_", "-".join(parts))


class Ranks:
    """Exchanges messages between the processes of a launch.

    Args:
        folder: one that all of them see.
        rank: this process's rank.
        count: the number of processes.
        unique: whether no other launch has used this folder, so that everything in it can be trusted.
    """

    def __init__(self, folder: Path, rank: int, count: int, *, unique: bool = False) -> None:
        self.unique = unique
        self.folder = folder
        self.rank = rank
        self.others = [other for other in range(count) if other != rank]
        self._beats: dict[int, tuple[str, float]] = {}  # rank -> its latest count, and when that was first seen
        self._seen: set[int] = set()  # ranks whose count has moved
        self._ended = threading.Event()

    def begin(self) -> None:
        """Show that this process is alive, from now until it ends."""
        if self.rank == 0 and not self.unique:
            shutil.rmtree(self.folder, ignore_errors=True)  # left by an earlier launch of the same name
        self.folder.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._live, daemon=True).start()
        atexit.register(self.end, "it ended early")

    def end(self, failure: str | None = None) -> None:
        """Publish that this process has ended, and why if it failed; only the first call counts."""
        if self._ended.is_set():
            return
        self._ended.set()
        with suppress(OSError):
            self._write(f"ended-{self.rank}", failure or "")
            if all((self.folder / f"ended-{rank}").exists() for rank in self.others):
                shutil.rmtree(self.folder)

    def publish(self, name: str, content: str = "") -> None:
        """Publish something that the other processes can `read` by its name."""
        self._write(f"said-{self.rank}-{name}", content)

    def read(self, rank: int, name: str) -> str:
        """Wait for what another process publishes.

        Raises:
            TrainingError: it has failed, has gone silent, or did not start.
        """
        path, begun = self.folder / f"said-{rank}-{name}", time.monotonic()
        while True:
            self._require_no_failure()
            self._listen()
            if (self.unique or rank in self._seen) and path.exists():
                return path.read_text()
            if rank not in self._seen and time.monotonic() - begun > ARRIVAL:
                raise TrainingError(
                    f"process {rank} of this run did not start within {ARRIVAL:.0f} s: see its output, then start all "
                    "processes again"
                )
            time.sleep(BEAT / 4)

    def meet(self, name: str) -> None:
        """Wait until all processes have reached this point.

        Raises:
            TrainingError: one cannot reach it.
        """
        self.publish(name)
        for rank in self.others:
            self.read(rank, name)

    def failure(self, silent: float = SILENCE) -> str | None:
        """Describe the failure of another process; None if no failure is known.

        Args:
            silent: seconds without a count after which a process is taken to be dead.
        """
        for rank in self.others:
            path = self.folder / f"ended-{rank}"
            # Rank 0 removes what an earlier launch left.
            fresh = self.unique or self.rank == 0 or 0 in self._seen
            if fresh and (reason := _read_or_nothing(path)):
                return f"process {rank} of this run failed, so this one ends too: {reason}"
            count, when = self._beats.get(rank, ("", time.monotonic()))
            if count and not path.exists() and time.monotonic() - when > silent:
                return f"process {rank} of this run has given no sign of life for {silent:.0f} s, so this one ends too"
        return None

    def _require_no_failure(self) -> None:
        if failure := self.failure():
            raise TrainingError(f"{failure}; fix that, then start all processes again")

    def _listen(self) -> None:
        for rank in self.others:
            with suppress(OSError):
                count = (self.folder / f"lives-{rank}").read_text()
                if rank in self._beats and self._beats[rank][0] != count:
                    self._seen.add(rank)
                if rank not in self._beats or self._beats[rank][0] != count:
                    self._beats[rank] = (count, time.monotonic())

    def _live(self) -> None:
        """Count, and end this process if another has failed and this one is stuck, waiting for it inside torch."""
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
    """Read a file that may be gone: the last process to end removes the folder."""
    try:
        return path.read_text()
    except OSError:
        return ""


_ranks: list[Ranks] = []  # holds this process's instance once `begin` was called


def begin(rank: int, count: int) -> Ranks:
    """Join the other processes of this launch.

    Args:
        rank: this process's rank.
        count: the number of processes.
    """
    folder = (Path("outputs") / ".ranks" / launch_name()).absolute()
    ranks = Ranks(folder, rank, count, unique=folder.name.startswith("slurm"))  # Slurm does not reuse its numbers
    ranks.begin()
    _ranks.append(ranks)
    return ranks


@contextmanager
def together() -> Iterator[None]:
    """End all processes of this run if one of them fails inside the block; a single process is not affected.

    Raises:
        TrainingError: another process failed first.
    """
    if not _ranks:
        yield
        return
    ranks = _ranks[-1]
    try:
        yield
    except BaseException as error:
        from_torch = isinstance(error, RuntimeError)  # torch may notice a dead process before its silence shows
        time.sleep(5 * BEAT if from_torch else 0)
        if isinstance(error, Exception) and (failure := ranks.failure(4 * BEAT if from_torch else SILENCE)):
            ranks.end(failure)
            raise TrainingError(failure) from error
        ranks.end(mistake_of(error) or shown(f"{type(error).__name__}: {error}"))
        raise
    ranks.end()


def in_turn(name: str, work: Callable[[], T]) -> T:
    """Let the first process do some work, and then the others, which find it done.

    Args:
        name: a unique name for the work.
        work: must not use torch's collectives.

    Raises:
        TrainingError: the first process failed.
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
    """Wait for all processes of this run before torch does, which would wait for dead ones as well."""
    if _ranks:
        _ranks[-1].meet(name)
