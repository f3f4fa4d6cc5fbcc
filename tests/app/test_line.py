"""The line: first come, first served, and no more than may."""

import threading
from pathlib import Path

import pytest

from deepfake.app.line import Job, Line
from deepfake.app.uploads import Upload
from deepfake.errors import UploadError


def job() -> Job:
    return Job(Upload(Path("file.mp4"), "a.mp4", 1, Path("a.mp4")), "meso4")


def test_jobs_are_taken_in_the_order_in_which_they_came() -> None:
    line = Line(2)
    first, second, third = job(), job(), job()
    for each in (first, second, third):
        line.enter(each)
    assert [line.ahead(each) for each in (first, second, third)] == [0, 1, 2]
    with pytest.raises(UploadError, match="^Too many files"):
        line.enter(job())
    assert line.take(0) is first
    assert [line.ahead(each) for each in (first, second, third)] == [0, 1, 2]
    with pytest.raises(UploadError):
        line.enter(job())
    assert line.take(0) is second
    assert line.ahead(third) == 1
    line.enter(job())


def test_who_leaves_is_not_waited_for() -> None:
    line = Line(5)
    first, second, third = job(), job(), job()
    for each in (first, second, third):
        line.enter(each)
    assert line.take(0) is first
    assert line.leave(second) and not line.leave(second) and not line.leave(first)
    assert line.ahead(third) == 1 and line.take(0) is third and line.take(0) is None


def test_where_nobody_may_wait_one_is_scored() -> None:
    line = Line(0)
    line.enter(job())
    with pytest.raises(UploadError, match="^Too many files"):
        line.enter(job())
    line.take(0)
    with pytest.raises(UploadError):
        line.enter(job())
    assert line.take(0) is None
    line.enter(job())


def test_a_job_that_comes_wakes_who_waits() -> None:
    line, mine = Line(1), job()
    threading.Timer(0.05, line.enter, (mine,)).start()
    assert line.take(30) is mine
