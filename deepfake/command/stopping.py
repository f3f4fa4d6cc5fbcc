"""What happens when a command is stopped: by Ctrl-C it exits with 130, by SIGTERM with 143, and says how to go on.

Scripts import this before anything that takes seconds, so it imports nothing that does.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

ANEW = "stopped; the same command begins again"
SAME_COMMAND = "stopped; what was done so far is kept, and the same command goes on from there"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}

Handler = Callable[[int, FrameType | None], object] | int | None
# The signals that reached this process: libraries swallow the exception (fsspec does), and fail later.
_reached: list[signal.Signals] = []


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
    hook = sys.unraisablehook
    if before:
        sys.unraisablehook = partial(_send_again, hook)
    try:
        yield
        if _reached:
            raise StoppedError
    except BaseException as error:
        number = next(iter(_reached), None) or _signal_behind(error)
        if number is None or isinstance(error, _SaidExit):
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nobody interrupts the goodbye
        _let_children_die()
        sys.stderr.write(f"\n{say()}\n")
        raise _SaidExit(CODES[number]) from error
    finally:
        if before:
            _reached.clear()
            sys.unraisablehook = hook
        for number, handler in before.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


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


def require_unstopped() -> None:
    """Let what fails after a signal be no error of its own: the exception was raised amid foreign code.

    Raises:
        StoppedError: a signal has reached this process.
    """
    if _reached:
        raise StoppedError


def _listen() -> dict[signal.Signals, Handler]:
    """Note SIGINT and SIGTERM and make them exceptions in this process; what they did before, where that is changed."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in usual}
    before = {number: handler for number, handler in found.items() if handler is usual[number]}
    for number in before:
        signal.signal(number, _stop_this(os.getpid()))
    return before


def _stop_this(process: int) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process:
            _reached.append(signal.Signals(number))
            _let_children_die()
            raise KeyboardInterrupt if number == signal.SIGINT else StoppedError
        # A worker that was forked: it is to do as if nobody listened.
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.kill(os.getpid(), number)

    return stop


def _send_again(hook: Callable[[Any], object], unraisable: Any) -> None:
    """Send a signal once more whose exception Python dropped, as it does in callbacks of weak references and `__del__`.

    Imports are full of such callbacks, and the command would go on as if nobody had stopped it.
    """
    if _reached and isinstance(unraisable.exc_value, KeyboardInterrupt | StoppedError):
        threading.Timer(0.05, os.kill, (os.getpid(), _reached[-1])).start()
    else:
        hook(unraisable)


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
