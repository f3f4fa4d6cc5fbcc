"""What a worker is doing with a video, noted where the run can read it when the worker hangs or dies.

Only a decoder's hang or crash is a fact about the file; any other is the program's or the machine's.

The board is an array of doubles in shared memory, two a place: a phase, and when it began. Each video that is worked on
has a place of its own.
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


_board: Board = [0.0, 0.0]  # of this process; nobody reads this one
_place = 0


def share(board: Board) -> None:
    """From now on, this process notes on a board that the run reads."""
    global _board
    _board = board


def take_place(place: int) -> None:
    """From now on, this process works on the video of this place."""
    global _place
    _place = place
    write(_board, place, Phase.OTHER)


def write(board: Board, place: int, which: Phase) -> None:
    board[2 * place + 1] = time.time()  # first: a reader in between sees too short a time rather than too long a one
    board[2 * place] = which


def read(board: Board, place: int) -> tuple[Phase, float]:
    """The phase of a place, and the seconds since it began."""
    return Phase(int(board[2 * place])), time.time() - board[2 * place + 1]


def beat() -> None:
    """What this process is doing goes on: the time of its phase begins again."""
    _board[2 * _place + 1] = time.time()


@contextmanager
def phase(which: Phase) -> Iterator[None]:
    """This process is in a phase meanwhile."""
    before = Phase(int(_board[2 * _place]))
    write(_board, _place, which)
    try:
        yield
    finally:
        write(_board, _place, before)


def decoding(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call what may hang or die on a damaged file."""
    with phase(Phase.DECODE):
        return call(*args, **kwargs)
