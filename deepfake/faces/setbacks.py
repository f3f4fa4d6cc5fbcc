"""What happens to a video that a worker did not finish, and when a run stops.

Another reader tries it, or it becomes `unreadable` or `failed`. `unreadable` is a fact about the file and permanent:
every reader hung or died while decoding it. `failed` is everything else, such as a lack of memory or a defect in the
program, and the next run tries the video again.
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
CAUSE_LENGTH = 30  # first characters of a reason that tell causes apart; names and numbers follow
# Killed, as Linux does when memory runs out, told to end (by signal or by exit code), or lost with the server that
# forked it: the cause is not the decoder.
FROM_OUTSIDE = (-9, -15, 15, 255)


@dataclass(frozen=True, slots=True)
class DecoderLost:
    """A reader hung or died while decoding; another reader may succeed.

    Attributes:
        reason: what happened, in one line.
    """

    reason: str


class WorkersLost:
    """All workers died before they reported which video they work on."""


def outcome(future: Future, board: Board, place: int, timeout_s: float) -> Found | Fault | DecoderLost | WorkersLost:
    """Return the result of a job that has ended.

    Args:
        future: the job in the pool, done.
        board: where the worker recorded its phases.
        place: the job's place on the board.
        timeout_s: time limit of a lap.

    Raises:
        DeepfakeError: a mistake that the user can correct.
    """
    try:
        return future.result()
    except TimeoutError:
        phase, seconds = read(board, place)
        # One long call is a hang; many calls that return mean a slow machine or a long video.
        if phase == Phase.DECODE and seconds > timeout_s / 2:
            return DecoderLost(f"its decoder did not finish within {timeout_s:g} s")
        where = " while it looked for faces" if phase == Phase.FIND else ""
        return Fault(f"not finished within {timeout_s:g} s{where}: raise extract.timeout_s")
    except ProcessExpired as error:
        code = error.exitcode
        if code == -9:
            return Fault("its process was killed (exit code -9), perhaps because memory ran out")
        phase, _ = read(board, place)
        if phase == Phase.DECODE and code not in FROM_OUTSIDE:
            return DecoderLost(f"the process that decoded it died (exit code {code})")
        where = " while it looked for faces" if phase == Phase.FIND else ""
        return Fault(f"its process died (exit code {code}){where}")
    except BrokenProcessPool:
        return WorkersLost()


class Setbacks:
    """Counts failures with one cause, and stops a run that has no other results."""

    def __init__(self) -> None:
        self._cause = ""
        self._in_a_row = 0
        self._num_done = 0

    def note(self, row: VideoRow, *, known: bool) -> None:
        """Count the result of a video.

        Args:
            row: the video's row.
            known: whether it failed in an earlier run as well; such a failure is not counted, or a few videos that
                always fail would stop the run for all others.

        Raises:
            ExtractionError: the last five videos failed for the same reason.
        """
        if row.status != Status.FAILED:
            self._num_done += 1
            if row.status in (Status.OK, Status.NO_FACE):  # otherwise the finder may not have been used
                self._in_a_row = 0
            return
        if known:
            return
        cause = row.reason[:CAUSE_LENGTH]
        self._in_a_row = self._in_a_row + 1 if cause == self._cause else 1
        self._cause = cause
        if self._in_a_row == IN_A_ROW:
            raise ExtractionError(
                f"{IN_A_ROW} videos in a row failed for the same reason, {row.video_id} last: {row.reason}. "
                f"{self._num_done} videos were finished before. {cure(row.reason)}, then run the same command again"
            )


def cure(reason: str) -> str:
    """Tell the user what to do about a failure."""
    if "memory" in reason.lower():
        return "Use fewer workers (extract.num_workers=1) or device=cpu"
    if "extract.timeout_s" in reason:
        return "Raise extract.timeout_s"
    return "Fix the cause"
