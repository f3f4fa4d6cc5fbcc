"""Progress: lines in a log, and on a real terminal a bar that log lines do not tear."""

import logging
import os
import pty
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from deepfake import progress as module
from deepfake.progress import Progress, progress
from tests.waiting import until


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock whose one number is what time it is."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_a_line_comes_now_and_then(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Progress("extracting faces", "videos", 40) as shown:
        for _ in range(40):
            clock[0] += 2
            shown.update(note="9 frames/s")
    assert caplog.messages[0] == "extracting faces: 4 of 40 videos, 9 frames/s, 72 s left"
    assert caplog.messages[-1] == "extracting faces: 40 of 40 videos, 9 frames/s, done in 80 s"
    assert len(caplog.messages) == 10  # one for each tenth


def test_what_is_told_meanwhile_stands_beside_the_count(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Progress("scoring", "files", 3) as shown:
        clock[0] += 70
        shown.tell("34 % of a.mp4 searched for faces")
        shown.log_if_quiet()
        shown.update()
        clock[0] += 70
        shown.log_if_quiet()
    assert caplog.messages == [
        "scoring: 0 of 3 files, 34 % of a.mp4 searched for faces, 70 s so far",
        "scoring: 1 of 3 files, 5 min left",
    ]


def test_slow_work_is_told_every_minute(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Progress("extracting faces", "videos", 1000) as shown:
        for _ in range(5):
            clock[0] += 30
            shown.update()
    assert caplog.messages == [
        "extracting faces: 2 of 1000 videos, 8 h 19 min left",
        "extracting faces: 4 of 1000 videos, 8 h 18 min left",
        "extracting faces: 5 of 1000 videos, 8 h 18 min left",
    ]


def test_a_unit_that_takes_long_has_lines_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(module, "SOONEST_S", 0.1)
    monkeypatch.setattr(module, "LATEST_S", 0.3)
    with Progress("extracting faces", "videos", 2) as shown:
        until(lambda: bool(caplog.messages))
        assert caplog.messages[0] == "extracting faces: 0 of 2 videos, 0 s so far"
        shown.update()
        before = len(caplog.messages)
        until(lambda: len(caplog.messages) > before)
        assert caplog.messages[-1].startswith("extracting faces: 1 of 2 videos, ")
    lines = len(caplog.messages)
    time.sleep(0.4)
    assert len(caplog.messages) == lines  # it is closed


def test_the_last_line_can_be_left_to_another(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Progress("epoch 1 of 2", "batches", 2, keep=False) as shown:
        for _ in range(2):
            clock[0] += 70
            shown.update()
    assert caplog.messages == ["epoch 1 of 2: 1 of 2 batches, 70 s left"]


def test_short_work_is_not_worth_a_line(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert list(progress([1, 2, 3], "scoring", "batches")) == [1, 2, 3]
    assert caplog.messages == []


def test_work_of_unknown_length(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in progress(iter(range(3)), "reading", "files"):
        clock[0] += 70
    assert caplog.messages[0] == "reading: 1 files, 70 s so far"


PROGRAM = """
import logging, sys, time
from deepfake.progress import progress
from deepfake.screen import ScreenFormatter, ScreenHandler
handler = ScreenHandler(sys.stdout)
handler.setFormatter(ScreenFormatter())
logging.basicConfig(level="INFO", handlers=[handler])
for number in progress(range(3), "scoring", "batches"):
    time.sleep(0.15)
    logging.warning("%d is odd", number)
"""


def run(tmp_path: Path, terminal: bool) -> str:
    """What the program shows on a terminal, or in a file."""
    (tmp_path / "program.py").write_text(PROGRAM)
    ours, theirs = pty.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(theirs, (24, 80))
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm"}
    subprocess.run([sys.executable, tmp_path / "program.py"], stdout=theirs, stderr=theirs, env=environment, check=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # how Linux says that the other end of a terminal is closed
        pass
    os.close(ours)
    return shown.decode()


def screen_of(shown: str) -> list[str]:
    """The lines that stay on a terminal: after a carriage return, the line is written over."""
    lines = []
    for line in shown.replace("\r\n", "\n").split("\n"):
        cells: list[str] = []
        for part in line.split("\r"):
            cells[: len(part)] = part
        lines.append("".join(cells).rstrip())
    return lines


def test_log_lines_stand_above_the_bar(tmp_path: Path) -> None:
    lines = screen_of(run(tmp_path, terminal=True))
    assert lines[:3] == [f"warning: {number} is odd" for number in range(3)]
    assert lines[3].startswith("scoring: 100% |") and "3 of 3 batches" in lines[3] and len(lines[3]) <= 80


def test_a_file_gets_no_bar(tmp_path: Path) -> None:
    assert run(tmp_path, terminal=False) == "".join(f"warning: {number} is odd\n" for number in range(3))
