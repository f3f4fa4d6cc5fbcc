"""A visit from the file to its card, without a browser and without a detector."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest
from pebble import ProcessExpired

from deepfake.app.limits import Limits
from deepfake.app.line import Job, Line
from deepfake.app.uploads import Uploads
from deepfake.app.visit import FAILED, Desk, Shown
from deepfake.errors import ExtractionError, UploadError
from deepfake.video.header import length_s
from tests.fakes import frames_with, one_face, write_video


def failing(error: Exception) -> Callable[[Path], float | None]:
    def fail(path: Path) -> float | None:
        raise error

    return fail


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Uploads(tmp_path), Line(1), Limits(1, 2, 1), length_s)


def clip(desk: Desk, num_frames: int = 5, name: str = "a.mp4") -> dict[str, str]:
    path = write_video(desk.uploads.received / name, frames_with(one_face, num_frames))
    return {"path": str(path), "orig_name": name}


def visit(desk: Desk, file: dict[str, str], detector: str = "meso4") -> list[Shown]:
    async def all_shown() -> list[Shown]:
        return [shown async for shown in desk.visit(file, detector)]

    return asyncio.run(all_shown())


def files_in(desk: Desk) -> list[Path]:
    return [path for path in desk.uploads.received.parent.rglob("*") if path.is_file()]


@pytest.fixture
def scorer(desk: Desk) -> Iterator[list[Job]]:
    """Scores what comes as the main thread does, and notes it."""
    done: list[Job] = []
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            if job := desk.line.take(0.02):
                done.append(job)
                desk.uploads.discard(job.upload)
                job.card.set_result(f"card of {job.upload.name}")

    thread = threading.Thread(target=work)
    thread.start()
    yield done
    ended.set()
    thread.join()


def test_a_file_is_looked_at_scored_and_gone(desk: Desk, scorer: list[Job]) -> None:
    shown = visit(desk, clip(desk))
    assert shown[0] == Shown("Looking at the file.")
    assert shown[-1] == Shown("Done. The file is deleted.", card="card of a.mp4", busy=False)
    assert [job.detector for job in scorer] == ["meso4"] and files_in(desk) == []


def test_a_video_that_is_too_long_never_comes_into_the_line(desk: Desk, scorer: list[Job]) -> None:
    shown = visit(desk, clip(desk, 60))
    assert shown[-1] == Shown("The video is 0:02.4 long; the limit is 2 seconds.", True, busy=False)
    assert scorer == [] and files_in(desk) == []


def test_what_cannot_be_read_is_left_to_the_card(desk: Desk, scorer: list[Job]) -> None:
    (desk.uploads.received / "a.mp4").write_text("no video")
    assert visit(desk, {"path": str(desk.uploads.received / "a.mp4")})[-1].card == "card of a.mp4"
    for error in (TimeoutError("Task timeout"), ProcessExpired("Abnormal termination"), BrokenExecutor("All expired")):
        desk.length = failing(error)
        assert visit(desk, clip(desk))[-1].card == "card of a.mp4"


def test_a_mistake_of_the_program_is_told_and_leaves_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.length = failing(KeyError("a bug"))
    assert visit(desk, clip(desk))[-1] == Shown(FAILED, True, busy=False)
    assert files_in(desk) == [] and "a bug" in caplog.text


def test_one_who_comes_when_as_many_wait_as_may_is_told(desk: Desk) -> None:
    waiting = [Job(desk.uploads.claim(clip(desk)), "meso4") for _ in range(2)]
    for job in waiting:
        desk.line.enter(job)
    (_, shown) = visit(desk, clip(desk))
    assert shown == Shown("Too many files are being scored or wait already. Try again later.", True, busy=False)


def test_a_reason_without_a_card_is_shown(desk: Desk) -> None:
    async def refused() -> list[Shown]:
        found = []
        async for shown in desk.visit(clip(desk), "meso4"):
            found.append(shown)
            if job := desk.line.take(0):
                job.card.set_exception(UploadError("The program failed."))
        return found

    assert asyncio.run(refused())[-1] == Shown("The program failed.", True, busy=False)


def test_who_closes_the_page_while_waiting_leaves_nothing(desk: Desk) -> None:
    async def gone() -> None:
        before = Job(desk.uploads.claim(clip(desk)), "meso4")
        desk.line.enter(before)
        visitor = desk.visit(clip(desk, name="b.mp4"), "meso4")
        says = [(await anext(visitor)).says, (await anext(visitor)).says]
        assert says[-1] == "Waiting: 1 file is scored before this one."
        await visitor.aclose()
        desk.uploads.discard(before.upload)

    asyncio.run(gone())
    assert files_in(desk) == []
    assert desk.line.take(0) is not None and desk.line.take(0) is None


def test_what_the_program_says_of_itself_is_not_shown(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.line.enter = failing(ExtractionError("/srv/private is full"))  # type: ignore[method-assign,assignment]
    assert visit(desk, clip(desk))[-1] == Shown(FAILED, True, busy=False)
    assert files_in(desk) == [] and "/srv/private is full" in caplog.text
