"""Ends a command that is stopped: with code 130 on Ctrl-C, 143 on SIGTERM, and a line on how to continue.

Scripts import this module before anything slow, so it imports nothing slow itself.
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

START_AGAIN = "stopped; the same command starts again"
SAME_COMMAND = "stopped; what was done so far is kept, and the same command continues from there"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}

Handler = Callable[[int, FrameType | None], object] | int | None
# The signals that reached this process: libraries may swallow the exception (fsspec does) and fail later.
_reached: list[signal.Signals] = []


class StoppedError(BaseException):
    """SIGTERM reached this process. It is not an `Exception`, so code that survives failures does not survive this."""


class _ReportedExit(SystemExit):
    """The end of a command that has printed why it ends."""


@contextmanager
def stoppable(message: Callable[[], str] = lambda: START_AGAIN) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the block cleanly, with one line on stderr.

    Files are written whole or not at all, so the block may end anywhere. Of nested blocks, the innermost prints its
    line.

    Args:
        message: returns the line; it is called when the line is needed.

    Raises:
        SystemExit: with code 130 or 143.
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
        if number is None or isinstance(error, _ReportedExit):
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # another Ctrl-C must not cut off the line
        _ignore_dead_children()
        sys.stderr.write(f"\n{message()}\n")
        raise _ReportedExit(CODES[number]) from error
    finally:
        if before:
            _reached.clear()
            sys.unraisablehook = hook
        for number, handler in before.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


@contextmanager
def sigterm_left_to(has_noted: Callable[[], bool]) -> Iterator[None]:
    """Leave SIGTERM inside the block to another handler that has noted it, and stop this command only afterwards.

    On Slurm that handler is Lightning's: a checkpoint that it is saving for a requeued job must not be cut off.

    Args:
        has_noted: returns whether the other handler, which runs before ours, has noted the signal.

    Raises:
        StoppedError: the other handler has noted the signal, and the block has ended.
    """
    before, process = signal.getsignal(signal.SIGTERM), os.getpid()
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process and has_noted():
            _ignore_dead_children()
        else:
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BaseException as error:  # raised by the other handler, or for workers that the same signal ended
        if has_noted():
            raise StoppedError from error
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if has_noted():
        raise StoppedError


def require_unstopped() -> None:
    """Stop if a signal has reached this process: what then fails in foreign code is a consequence of the signal.

    Raises:
        StoppedError: a signal has reached this process.
    """
    if _reached:
        raise StoppedError


def _listen() -> dict[signal.Signals, Handler]:
    """Turn SIGINT and SIGTERM into exceptions in this process, and return the handlers that this replaces."""
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
            _ignore_dead_children()
            raise KeyboardInterrupt if number == signal.SIGINT else StoppedError
        # This is a forked worker, in which the signals keep their usual effect.
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.kill(os.getpid(), number)

    return stop


def _send_again(hook: Callable[[Any], object], unraisable: Any) -> None:
    """Resend a signal whose exception Python dropped, as it does in callbacks of weak references and in `__del__`.

    Imports are full of such callbacks, and the command would continue as if nobody had stopped it.
    """
    if _reached and isinstance(unraisable.exc_value, KeyboardInterrupt | StoppedError):
        threading.Timer(0.05, os.kill, (os.getpid(), _reached[-1])).start()
    else:
        hook(unraisable)


def _ignore_dead_children() -> None:
    """Ignore workers that the same signal ended; PyTorch would raise an error for each of them at any moment."""
    signal.signal(signal.SIGCHLD, lambda number, frame: None)


def _signal_behind(error: BaseException | None) -> signal.Signals | None:
    """Return the signal that caused an exception; Lightning turns Ctrl-C into a `SystemExit` of its own."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return signal.SIGINT
        if isinstance(error, StoppedError):
            return signal.SIGTERM
        error = error.__cause__ or error.__context__
    return None
