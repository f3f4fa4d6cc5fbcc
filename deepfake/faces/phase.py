"""What a worker is doing with a video, recorded where the run can read it if the worker hangs or dies.

Only a decoder's hang or crash is a fact about the file; any other is the fault of the program or the machine.

The board is an array of doubles in shared memory, four per place: a phase, when it began, when the lap began (0 before
a worker begins), and the share of the video that is done. Each video in progress has a place of its own. A lap is the
part of a video to which the time limit applies: `LAP` of the frames that are looked at, in most videos all.
"""

import time
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from enum import IntEnum
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Board = MutableSequence[float]


class Phase(IntEnum):
    OTHER = 0
    DECODE = 1  # inside the library that reads videos
    FIND = 2  # inside the finder


LAP = 1000
_PER_PLACE = 4
_board: Board = [0.0] * _PER_PLACE  # replaced in a worker; nobody reads this one
_place = 0
_of_lap = 0  # frames that were counted since the lap began


def board_size(places: int) -> int:
    """Return how many doubles a board of so many places has."""
    return _PER_PLACE * places


def use_board(board: Board) -> None:
    """Make this process record its phases on a board that the run reads."""
    global _board
    _board = board


def use_place(place: int) -> None:
    """Make this process record its phases at a place, that of the video it starts to work on."""
    global _place
    _place = place
    write(_board, place, Phase.OTHER)
    _begin_lap(0)


def count_frames(count: int) -> None:
    """Count frames that this process looks at next; after `LAP` of them the time limit begins anew."""
    global _of_lap
    _of_lap += count
    if _of_lap > LAP:
        _begin_lap(count)


def _begin_lap(count: int) -> None:
    global _of_lap
    _of_lap = count
    _board[_PER_PLACE * _place + 2] = time.time()


def tell_share(share: float) -> None:
    """Record how much of the video that this process works on is done, from 0 to 1."""
    _board[_PER_PLACE * _place + 3] = share


def share_of(board: Board, place: int) -> float:
    """Return how much of a place's video is done."""
    return board[_PER_PLACE * place + 3]


def vacate(board: Board, place: int) -> None:
    """Record that no worker has begun with the video of a place."""
    write(board, place, Phase.OTHER)
    board[_PER_PLACE * place + 2] = board[_PER_PLACE * place + 3] = 0.0


class LapLimit(float):
    """The time limit of a job in seconds, which begins anew with each lap.

    pebble stops a task as soon as `passed > limit`, with the seconds since it took the task (its
    `TaskManager.timeout`); Python asks the right-hand side first, as it is of a subclass, and so this answers.

    Args:
        seconds: that a lap may take.
        board: where the worker records its laps.
        place: the job's place on the board.
    """

    board: Board
    place: int

    def __new__(cls, seconds: float, board: Board, place: int) -> Self:
        limit = super().__new__(cls, seconds)
        limit.board, limit.place = board, place
        return limit

    def __lt__(self, passed: float) -> bool:
        # The lap's beginning is 0, very long ago, until the worker begins; so far pebble's own time counts.
        return min(passed, time.time() - self.board[_PER_PLACE * self.place + 2]) > float(self)

    __le__ = __lt__


def write(board: Board, place: int, which: Phase) -> None:
    # First, so that a reader in between sees too short a time, not too long a one.
    board[_PER_PLACE * place + 1] = time.time()
    board[_PER_PLACE * place] = which


def read(board: Board, place: int) -> tuple[Phase, float]:
    """Return the phase of a place and the seconds since it began."""
    return Phase(int(board[_PER_PLACE * place])), time.time() - board[_PER_PLACE * place + 1]


def beat() -> None:
    """Restart the time of this process's phase, to show that it makes progress."""
    _board[_PER_PLACE * _place + 1] = time.time()


@contextmanager
def phase(which: Phase) -> Iterator[None]:
    """Record that this process is in a phase inside the block."""
    before = Phase(int(_board[_PER_PLACE * _place]))
    write(_board, _place, which)
    try:
        yield
    finally:
        write(_board, _place, before)


def decoding(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that may hang or crash on a damaged file."""
    with phase(Phase.DECODE):
        return call(*args, **kwargs)
