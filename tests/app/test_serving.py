"""What becomes of a job, with a detector that says what it is told to."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deepfake.app import serving
from deepfake.app.line import Job, Line
from deepfake.app.uploads import Uploads
from deepfake.app.visit import FAILED
from deepfake.corpora.input_files import InputFile
from deepfake.errors import ExtractionError, UnreadableVideoError, UploadError
from deepfake.verdict import FileResult
from tests.fakes import frames_with, one_face, write_video
from tests.verdict import made
from tests.verdict.page.test_report import ABOUT


class Predictor:
    """Answers with a result, or fails; what it writes into its folder is gone afterwards.

    Args:
        answer: returns the result.
    """

    about = ABOUT

    def __init__(self, answer: Callable[[], FileResult]) -> None:
        self.answer = answer

    def stream(self, files: Sequence[InputFile], folder: Path) -> Iterator[tuple[InputFile, FileResult]]:
        (file,) = files
        assert file.path.read_bytes() == b"abc"
        (folder / "crops.zip").write_bytes(b"faces")
        yield file, self.answer()


def fail(error: Exception) -> FileResult:
    raise error


def done(answer: Callable[[], FileResult], root: Path) -> Job:
    """Do a job, after which no file is left."""
    uploads = Uploads(root)
    (uploads.received / "secret <b>.mp4").write_bytes(b"abc")
    upload = uploads.claim({"path": str(uploads.received / "secret <b>.mp4")})
    job, predictor = Job(upload, "meso4"), Predictor(answer)
    serving._do(job, 7, predictor, uploads)  # type: ignore[arg-type]
    assert not [path for path in root.rglob("*") if path.is_file()]
    return job


def test_a_card_has_the_visitors_name_and_no_log_line_has_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    card = done(lambda: made.SCORED, tmp_path).card.result()
    assert "secret &lt;b&gt;.mp4" in card and 'id="file-7"' in card
    assert len(caplog.messages) == 2 and "job 7: 0.0 MB, scored by meso4" in caplog.messages
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "logged"),
    [
        (lambda: made.FAILED, "job 7 failed: out of memory"),
        (lambda: fail(ExtractionError("/srv/finder.pt is damaged")), "job 7 failed: /srv/finder.pt is damaged"),
        (lambda: fail(KeyError("a bug")), "job 7 failed; the page goes on"),
    ],
)
def test_why_there_is_no_card_stands_in_the_log_and_not_on_the_page(
    answer: Any, logged: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UploadError) as error:
        done(answer, tmp_path).card.result()
    assert str(error.value) == FAILED and caplog.messages[-1] == logged


def test_a_file_that_says_nothing_has_a_card(tmp_path: Path) -> None:
    assert "Inconclusive: no face" in done(lambda: replace(made.FACELESS), tmp_path).card.result()


def test_a_length_is_read_by_a_process_of_its_own(tmp_path: Path) -> None:
    assert serving.length(write_video(tmp_path / "a.mp4", frames_with(one_face, 5))) == pytest.approx(0.2, abs=0.01)
    (tmp_path / "b.mp4").write_text("no video")
    with pytest.raises(UnreadableVideoError):
        serving.length(tmp_path / "b.mp4")


def test_a_page_that_is_no_longer_served_ends_the_command(tmp_path: Path) -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    with pytest.raises(RuntimeError, match="no longer served"):
        serving._work(Line(1), Uploads(tmp_path), {}, thread)
