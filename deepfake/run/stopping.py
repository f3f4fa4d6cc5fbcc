"""What happens when a command is stopped: by Ctrl-C it exits with 130, by SIGTERM with 143, and says how to go on.

Scripts import this before anything that takes seconds, so it imports nothing that does.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ANEW = "stopped; the same command begins again"
SAME_COMMAND = "stopped; what was done so far is kept, and the same command goes on from there"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class StoppedError(BaseException):
    """SIGTERM reached this process. No `Exception`: nothing that goes on after a failure may go on after this."""


class _SaidExit(SystemExit):
    """The end of a command that has said why."""


@contextmanager
def stoppable(say: Callable[[], str] = lambda: ANEW) -> Iterator[None]:
    """Let SIGINT and SIGTERM end what is inside, cleanly and with one line on stderr.

    Files that are written are whole or absent, so it may end anywhere. Of several that are inside each other the
    innermost speaks.

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


@contextmanager
def left_to(has_noted: Callable[[], bool]) -> Iterator[None]:
    """Let somebody else end what is inside on SIGTERM, if he has noted it, and stop this command only then.

    So Lightning does on Slurm: a checkpoint that it is just saving, for a job that comes back, is not cut off.

    Args:
        has_noted: whether he has; he is called before us.

    Raises:
        StoppedError: he has.
    """
    before, process = signal.getsignal(signal.SIGTERM), os.getpid()
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process and has_noted():
            _let_children_die()
        else:
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BaseException as error:  # of his own kind, or of workers that the same signal has ended
        if has_noted():
            raise StoppedError from error
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if has_noted():
        raise StoppedError


def _listen() -> "Callable[[int, FrameType | None], object] | int | None":
    """Make SIGTERM an exception in this process; what it did before, or None where that is left as it is."""
    try:
        before = signal.getsignal(signal.SIGTERM)
        if before is not signal.SIG_DFL:
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
