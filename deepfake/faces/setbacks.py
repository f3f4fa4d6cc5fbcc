"""What is made of a video that a worker did not finish: another reader, given up, or failed; and when a run stops.

`unreadable` is a fact about the file and stays: every reader hung or died while it decoded. `failed` is all else, such
as memory that ran out or a defect, and the next run tries the video again.
"""

from concurrent.futures import Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from pebble import ProcessExpired

from deepfake.errors import ExtractionError
from deepfake.faces.phase import Board, Phase, read
from deepfake.faces.video_faces import Found
from deepfake.faces.workers import Fault
from deepfake.schema import Status, VideoRow

IN_A_ROW = 5
CAUSE = 30  # characters of a reason that tell one cause from another; what follows are names and numbers
# Killed, told to end (by signal or by exit code), or lost with the server that forked it: all from outside, and the
# first is what Linux does when memory runs out.
FROM_OUTSIDE = (-9, -15, 15, 255)


@dataclass(frozen=True, slots=True)
class DecoderLost:
    """A reader hung or died while it decoded; another one may not.

    Attributes:
        reason: in one line.
    """

    reason: str


class WorkersLost:
    """All workers are gone, and nobody knows at which video: they died before they said what they work on."""


def outcome(future: Future, board: Board, place: int, timeout_s: float) -> Found | Fault | DecoderLost | WorkersLost:
    """What came of a job that has ended.

    Args:
        future: of the pool, done.
        board: on which the worker noted what it did.
        place: of the job.
        timeout_s: after which a worker is stopped.

    Raises:
        DeepfakeError: what a user can mend.
    """
    try:
        return future.result()
    except TimeoutError:
        phase, seconds = read(board, place)
        # Long in one call: it hangs. Many calls that come to an end are a slow machine or a long video.
        if phase == Phase.DECODE and seconds > timeout_s / 2:
            return DecoderLost(f"its decoder does not end within {timeout_s:g} s")
        where = " while it looked for faces" if phase == Phase.FIND else ""
        return Fault(f"not done within {timeout_s:g} s{where}: extract.timeout_s gives it longer")
    except ProcessExpired as error:
        code = error.exitcode
        if code == -9:
            return Fault("its process was killed (exit code -9), as when memory runs out")
        phase, _ = read(board, place)
        if phase == Phase.DECODE and code not in FROM_OUTSIDE:
            return DecoderLost(f"the process that decoded it died (exit code {code})")
        where = " while it looked for faces" if phase == Phase.FIND else ""
        return Fault(f"its process died (exit code {code}){where}")
    except BrokenProcessPool:
        return WorkersLost()


class Setbacks:
    """Counts failures with one cause, and stops a run in which nothing else happens."""

    def __init__(self) -> None:
        self._cause = ""
        self._in_a_row = 0
        self._num_done = 0

    def note(self, row: VideoRow, *, known: bool) -> None:
        """Take notice of what became of a video.

        Args:
            row: of it.
            known: it failed in an earlier run as well: that says nothing of this one, or a few videos that always fail
                would keep all others from being used.

        Raises:
            ExtractionError: the last five failed with one cause.
        """
        if row.status != Status.FAILED:
            self._num_done += 1
            if row.status in (Status.OK, Status.NO_FACE):  # of the others, the finder may have seen nothing
                self._in_a_row = 0
            return
        if known:
            return
        cause = row.reason[:CAUSE]
        self._in_a_row = self._in_a_row + 1 if cause == self._cause else 1
        self._cause = cause
        if self._in_a_row == IN_A_ROW:
            raise ExtractionError(
                f"{IN_A_ROW} videos in a row failed with one cause, {row.video_id} the last of them: {row.reason}. "
                f"{self._num_done} videos were done before. {cure(row.reason)}, and give the same command again"
            )


def cure(reason: str) -> str:
    """What to do about a failure."""
    if "memory" in reason.lower():
        return "Take fewer workers (extract.num_workers=1), or device=cpu"
    if "extract.timeout_s" in reason:
        return "Raise extract.timeout_s"
    return "Mend that"
