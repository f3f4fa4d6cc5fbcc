"""Log lines as a person reads them, and the paths in them."""

import io
import logging
import warnings
from pathlib import Path

import pytest

from deepfake.screen import ScreenFormatter, ScreenHandler, from_here, log_warnings, wrapped


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")


@pytest.fixture
def logger() -> logging.Logger:
    return logging.Logger("deepfake.some.module")


def attach(logger: logging.Logger, stream: io.StringIO) -> io.StringIO:
    handler = ScreenHandler(stream)
    handler.setFormatter(ScreenFormatter())
    logger.addHandler(handler)
    return stream


@pytest.mark.usefixtures("narrow")
def test_a_line_is_the_message_and_a_warning_says_so(logger: logging.Logger) -> None:
    stream = attach(logger, io.StringIO())
    logger.info("27 videos to do: starting 2 workers")
    logger.warning("%s is damaged", "a.ckpt")
    assert stream.getvalue() == "27 videos to do: starting 2 workers\nwarning: a.ckpt is damaged\n"


@pytest.mark.usefixtures("narrow")
def test_on_a_terminal_lines_break_between_words(logger: logging.Logger) -> None:
    stream = attach(logger, Terminal())
    logger.info("27 videos to do: starting 2 workers on /a/very/long/path/of/a/device")
    assert stream.getvalue().splitlines() == [
        "27 videos to do:",
        "  starting 2 workers",
        "  on",
        "  /a/very/long/path/of/a/device",
    ]


@pytest.mark.usefixtures("narrow")
def test_what_is_no_terminal_gets_whole_lines() -> None:
    assert wrapped("word " * 10, io.StringIO()) == "word " * 10
    assert wrapped("word " * 5, Terminal(), indent=4) == "word word word word\n    word"


def test_a_librarys_warning_is_one_line_on_screen(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        log_warnings()
        known = logging.getLogger("py.warnings")
        monkeypatch.setattr(known, "handlers", [])
        attach(known, stream)
        records: list[logging.LogRecord] = []
        monkeypatch.setattr(known, "filters", [lambda record: records.append(record) or True])
        warnings.warn("the loader\n is slow", UserWarning, stacklevel=1)
    assert stream.getvalue() == "warning: the loader is slow\n"
    assert "test_screen.py" in records[0].getMessage()  # for the file


def test_paths_are_as_one_would_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_here(tmp_path / "outputs" / "best.ckpt") == "outputs/best.ckpt"
    assert from_here("outputs/best.ckpt") == "outputs/best.ckpt"
    assert from_here(tmp_path.parent / "other") == str(tmp_path.parent / "other")
