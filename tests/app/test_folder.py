"""The folder of a page: it is gone afterwards, and what a killed page left goes when the next one starts."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deepfake.app.folder import LOCK, own_folder

PAGE = """
from deepfake.app.folder import own_folder
with own_folder() as folder:
    (folder / "received").mkdir()
    (folder / "received" / "a.mp4").write_text("private")
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_page_left_goes_and_what_another_one_holds_stays(
    temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    environment = {**os.environ, "TMPDIR": str(temporary)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", PAGE], env=environment, **pipes) as page:
        assert page.stdout is not None
        theirs = Path(page.stdout.readline().strip())
        with own_folder() as mine:
            assert {*temporary.iterdir()} == {mine, theirs} and (theirs / "received" / "a.mp4").exists()
        assert [*temporary.iterdir()] == [theirs] and caplog.messages == []
        page.send_signal(signal.SIGKILL)
    with own_folder() as mine:
        assert [*temporary.iterdir()] == [mine]
    assert caplog.messages == [f"deleted what visitors had uploaded to a page that was killed: {theirs}"]
    assert [*temporary.iterdir()] == []


def test_what_is_no_folder_of_ours_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary / "deepfake-page-notes").mkdir()
    (temporary / "own" / "b").mkdir(parents=True)
    (temporary / "own" / LOCK).touch()
    (temporary / "deepfake-page-link").symlink_to(temporary / "own")
    (temporary / "deepfake-page-theirs").mkdir()
    (temporary / "deepfake-page-theirs" / LOCK).touch()
    before = {*temporary.rglob("*")}
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    with own_folder():
        pass
    assert {*temporary.rglob("*")} == before
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with own_folder():
        pass
    assert {*temporary.iterdir()} == {temporary / each for each in ("deepfake-page-notes", "own", "deepfake-page-link")}
