"""What happens when a command is stopped: by Ctrl-C it exits with 130, by SIGTERM with 143, and says how to go on."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SAME_COMMAND = "stopped; what was done so far is kept, and the same command goes on from there"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class StoppedError(BaseException):
    """SIGTERM reached this process. No `Exception`: nothing that goes on after a failure may go on after this."""


class _SaidExit(SystemExit):
    """The end of a command that has said why."""


@contextmanager
def stoppable(say: Callable[[], str] = lambda: SAME_COMMAND) -> Iterator[None]:
    """Let SIGINT and SIGTERM end what is inside, cleanly and with one line on stderr.

    Files that are written are whole or absent, so it may end anywhere. Of several that are inside each other the
    innermost speaks. On Slurm SIGTERM is left to Lightning, whose jobs are put into the queue again.

    Args:
        say: gives the line, when it is needed.

    Raises:
        SystemExit: with 130 or 143.
    """
    before = _listen()
    try:
        yield
    except BaseException as error:
        number = _signal_behind(error)
        if number is None or isinstance(error, _SaidExit):
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nobody interrupts the goodbye
        _let_children_die()
        sys.stderr.write(f"\n{say()}\n")
        raise _SaidExit(CODES[number]) from error
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _listen() -> "Callable[[int, FrameType | None], object] | int | None":
    """Make SIGTERM an exception in this process; what it did before, or None where that is left as it is."""
    try:
        before = signal.getsignal(signal.SIGTERM)
        if before is not signal.SIG_DFL or "SLURM_JOB_ID" in os.environ:
            return None
        signal.signal(signal.SIGTERM, _stop_this(os.getpid()))
    except ValueError:  # not the main thread
        return None
    return before


def _stop_this(process: int) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process:
            _let_children_die()
            raise StoppedError
        # A worker that was forked: it is to die as if nobody listened.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    return stop


def _let_children_die() -> None:
    """Say nothing of workers that the same signal ended: PyTorch raises an error for each, whatever goes on then."""
    signal.signal(signal.SIGCHLD, lambda number, frame: None)


def _signal_behind(error: BaseException | None) -> signal.Signals | None:
    """The signal that caused an exception; Lightning makes of Ctrl-C a `SystemExit` of its own."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return signal.SIGINT
        if isinstance(error, StoppedError):
            return signal.SIGTERM
        error = error.__cause__ or error.__context__
    return None
