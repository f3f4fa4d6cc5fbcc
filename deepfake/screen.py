"""Log lines as a person reads them; the file in a run's folder has the time and the module of each as well."""

import logging
import os
import shutil
import textwrap
import warnings
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm


class ScreenFormatter(logging.Formatter):
    """Shows the message alone, and says of a warning or an error that it is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record."""
        kind = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        return kind + (getattr(record, "brief", None) or super().format(record))


class ScreenHandler(logging.StreamHandler[TextIO]):
    """Writes above a progress bar, not into it, and breaks lines between words where a terminal would break them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        with tqdm.external_write_mode(file=self.stream):
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record, in lines that fit."""
        return "\n".join(wrapped(line, self.stream) for line in super().format(record).split("\n"))


def wrapped(line: str, stream: TextIO, indent: int = 2) -> str:
    """A line in parts that fit a terminal, broken between words; for anything but a terminal, as it is.

    Args:
        line: without a break.
        stream: to which it is written.
        indent: how many spaces the parts after the first begin with.
    """
    width = shutil.get_terminal_size().columns
    if not stream.isatty() or len(line) <= width:
        return line
    how: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False, "subsequent_indent": " " * indent}
    return "\n".join(textwrap.wrap(line, width, drop_whitespace=True, replace_whitespace=False, **how))


def from_here(path: str | os.PathLike[str]) -> str:
    """A path as one would type it: relative to the working folder if it lies there, in full otherwise."""
    path, here = Path(path), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def log_warnings() -> None:
    """Let Python's warnings be log lines: one line on screen, and the place in the code in the run's file."""
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
