"""What a worker is doing with a video, recorded where the run can read it if the worker hangs or dies.

Only a decoder's hang or crash is a fact about the file; any other is the fault of the program or the machine.

The board is an array of doubles in shared memory, two per place: a phase and when it began. Each video in progress has
a place of its own.
"""

import time
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from enum import IntEnum
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Board = MutableSequence[float]


class Phase(IntEnum):
    OTHER = 0
    DECODE = 1  # inside the library that reads videos
    FIND = 2  # inside the finder


_board: Board = [0.0, 0.0]  # replaced in a worker; nobody reads this one
_place = 0


def use_board(board: Board) -> None:
    """Make this process record its phases on a board that the run reads."""
    global _board
    _board = board


def use_place(place: int) -> None:
    """Make this process record its phases at a place, that of the video it starts to work on."""
    global _place
    _place = place
    write(_board, place, Phase.OTHER)


def write(board: Board, place: int, which: Phase) -> None:
    board[2 * place + 1] = time.time()  # first, so that a reader in between sees too short a time, not too long a one
    board[2 * place] = which


def read(board: Board, place: int) -> tuple[Phase, float]:
    """Return the phase of a place and the seconds since it began."""
    return Phase(int(board[2 * place])), time.time() - board[2 * place + 1]


def beat() -> None:
    """Restart the time of this process's phase, to show that it makes progress."""
    _board[2 * _place + 1] = time.time()


@contextmanager
def phase(which: Phase) -> Iterator[None]:
    """Record that this process is in a phase inside the block."""
    before = Phase(int(_board[2 * _place]))
    write(_board, _place, which)
    try:
        yield
    finally:
        write(_board, _place, before)


def decoding(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that may hang or crash on a damaged file."""
    with phase(Phase.DECODE):
        return call(*args, **kwargs)
