"""How far long work has come: a bar on a terminal, and a line in the log now and then where there is none."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Self, TypeVar

from tqdm import tqdm

log = logging.getLogger(__name__)
T = TypeVar("T")

# Without a terminal, the next line is due after this share of the work, but not within so many seconds of the one
# before; and after so many seconds in any case.
SHARE, SOONEST_S, LATEST_S = 0.1, 5.0, 60.0
_BAR = "{desc}: {percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """Counts what is done of some work, and shows it.

    Args:
        what: the work, such as `extracting faces`.
        unit: what is counted, in the plural, such as `videos`.
        total: how much there is; None where nobody knows.
        keep: whether the bar stays on the terminal when the work is done.
        delay: how many seconds the work must take before a bar appears.
    """

    def __init__(self, what: str, unit: str, total: int | None, *, keep: bool = True, delay: float = 0.0) -> None:
        self.what, self.unit, self.total = what, unit, total
        self.done, self.note = 0, ""
        self._start = self._said_at = time.monotonic()
        self._said = 0  # how much was done when the last line was logged
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc=what,
                unit=unit,
                total=total,
                leave=keep,
                delay=delay,
                bar_format=_BAR,
                dynamic_ncols=True,
                file=sys.stderr,
            )

    def update(self, count: int = 1, note: str = "") -> None:
        """Add what was done since the last call.

        Args:
            count: how much that is.
            note: what else is to be shown, such as a speed.
        """
        self.done, self.note = self.done + count, note
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
            return
        waited = time.monotonic() - self._said_at
        further = (self.done - self._said) / self.total if self.total else 0.0
        if waited >= LATEST_S or (waited >= SOONEST_S and further >= SHARE):
            self._log()

    def close(self) -> None:
        """End the bar, or the lines if there were any."""
        if self._bar is not None:
            self._bar.close()
        elif self._said and self.done > self._said:
            self._log()

    def _log(self) -> None:
        self._said, self._said_at = self.done, time.monotonic()
        passed = self._said_at - self._start
        count = f"{self.done} {self.unit}" if self.total is None else f"{self.done} of {self.total} {self.unit}"
        when = f"{duration(passed)} so far"
        if self.total is not None and self.done < self.total:
            when = f"{duration(passed / self.done * (self.total - self.done))} left"
        elif self.total is not None:
            when = f"done in {duration(passed)}"
        log.info("%s: %s", self.what, ", ".join(filter(None, (count, self.note, when))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def progress(
    each: Iterable[T], what: str, unit: str, *, total: int | None = None, keep: bool = True, delay: float = 0.0
) -> Iterator[T]:
    """Hand on each of some things, and show how many were.

    Args:
        each: the things.
        what: what is done with them.
        unit: what they are, in the plural.
        total: how many there are, where their length does not say it.
        keep: see `Progress`.
        delay: see `Progress`.
    """
    if total is None and isinstance(each, Sized):
        total = len(each)
    with Progress(what, unit, total, keep=keep, delay=delay) as shown:
        for item in each:
            yield item
            shown.update()


def write_above(line: str) -> None:
    """Write a line to stderr, above a bar that is there."""
    tqdm.write(line, file=sys.stderr)


def duration(seconds: float) -> str:
    """A time in words, as exact as a person needs it.

    Example:
        >>> duration(0.4), duration(12.3), duration(754), duration(8000)
        ('0 s', '12 s', '13 min', '2 h 13 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
