"""Formats log lines for the screen; the log file in a run's folder also has their time and module."""

import logging
import os
import shutil
import textwrap
import warnings
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm


class ScreenFormatter(logging.Formatter):
    """Shows only the message, and in front of it `warning:` or `error:` if it is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        kind = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        return kind + (getattr(record, "brief", None) or super().format(record))


class ScreenHandler(logging.StreamHandler[TextIO]):
    """Writes above a progress bar instead of into it, and wraps long lines between words on a terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        with tqdm.external_write_mode(file=self.stream):
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, in lines that fit."""
        return "\n".join(wrapped(line, self.stream) for line in super().format(record).split("\n"))


def wrapped(line: str, stream: TextIO, indent: int = 2) -> str:
    """Wrap a line between words to fit a terminal; for any other stream it stays as it is.

    Args:
        line: text without line breaks.
        stream: the stream that it is written to.
        indent: number of spaces before every part but the first.
    """
    width = shutil.get_terminal_size().columns
    if not stream.isatty() or len(line) <= width:
        return line
    options: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False, "subsequent_indent": " " * indent}
    return "\n".join(textwrap.wrap(line, width, drop_whitespace=True, replace_whitespace=False, **options))


def from_here(path: str | os.PathLike[str]) -> str:
    """Return a path as one would type it: relative if it lies in the working folder, absolute otherwise."""
    path, here = Path(path), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def log_warnings() -> None:
    """Turn Python's warnings into log lines: one line on screen, and also the place in the code in the log file."""
    warnings.showwarning = _log_warning


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    full = warnings.formatwarning(message, category, filename, lineno, line).strip()
    brief = " ".join(str(message).split())
    logging.getLogger("py.warnings").warning("%s", full, extra={"brief": brief})
