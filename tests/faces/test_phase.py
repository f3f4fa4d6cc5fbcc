"""The board on which a worker records what it does, and the time limit that begins anew with each lap."""

import time

import pytest

from deepfake.faces import phase
from deepfake.faces.phase import Board, LapLimit, board_size, count_frames, share_of, tell_share, use_place, vacate


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    """The board of this process, with two places, of which it has the second."""
    board = [0.0] * board_size(2)
    monkeypatch.setattr(phase, "_board", board)
    monkeypatch.setattr(phase, "_place", 1)
    monkeypatch.setattr(phase, "_of_lap", 0)
    monkeypatch.setattr(phase, "LAP", 10)
    return board


def stops(passed: float, limit: float) -> bool:
    """Compare as pebble does."""
    return passed > limit


def test_the_limit_counts_from_the_lap_once_a_worker_has_begun(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    limit = LapLimit(10, board, 1)
    assert stops(10.5, limit) and not stops(9.5, limit) and limit == 10 and bool(limit)
    use_place(1)
    now[0] += 9
    count_frames(6)
    assert not stops(100.0, limit)
    count_frames(6)  # the second lap
    now[0] += 9
    assert not stops(100.0, limit)
    count_frames(4)
    now[0] += 2
    assert stops(100.0, limit) and not stops(9.0, limit)
    vacate(board, 1)
    assert stops(10.5, limit) and not stops(9.5, limit)


def test_a_new_video_begins_with_nothing_done(board: Board) -> None:
    use_place(1)
    tell_share(0.5)
    assert (share_of(board, 0), share_of(board, 1)) == (0, 0.5)
    vacate(board, 1)
    assert share_of(board, 1) == 0
