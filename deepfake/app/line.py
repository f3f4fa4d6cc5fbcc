"""The line of files that are scored one after the other.

Visitors come on the thread that serves the page; one thread, the main one, takes what is first and scores it. So a
signal ends the job at hand as it ends any other command, and no two jobs share the machine.
"""

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from deepfake.app.uploads import Upload
from deepfake.errors import UploadError


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A file to score.

    Attributes:
        upload: the file.
        detector: name of the detector that scores it.
        card: the HTML of its card, or the `UploadError` that tells why there is none.
    """

    upload: Upload
    detector: str
    card: Future[str] = field(default_factory=Future)


class Line:
    """Jobs in the order in which they came, of which the first is at work.

    Args:
        most: jobs that may wait beside the one at work.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._at_work: Job | None = None

    def enter(self, job: Job) -> None:
        """Add a job at the end.

        Raises:
            UploadError: too many wait.
        """
        with self._changed:
            if len(self._jobs) + (self._at_work is not None) > self.most:
                raise UploadError("Too many files are being scored or wait already. Try again later.")
            self._jobs.append(job)
            self._changed.notify_all()

    def ahead(self, job: Job) -> int:
        """Return how many jobs are done before this one, the one at work included; 0 if it is at work or done."""
        with self._changed:
            if job not in self._jobs:
                return 0
            return self._jobs.index(job) + (self._at_work is not None)

    def leave(self, job: Job) -> bool:
        """Remove a job whose visitor is gone; return whether it waited."""
        with self._changed:
            waited = job in self._jobs
            if waited:
                self._jobs.remove(job)
            return waited

    def take(self, timeout_s: float) -> Job | None:
        """Take the first job to work on it, after the one before is done; None if none comes in time."""
        with self._changed:
            self._at_work = None
            if self._changed.wait_for(lambda: bool(self._jobs), timeout_s):
                self._at_work = self._jobs.popleft()
            return self._at_work
