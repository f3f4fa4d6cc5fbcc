"""Shows the progress of long work: as a bar on a terminal, and as log lines elsewhere."""

import logging
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sized
from typing import Self, TypeVar

from tqdm import tqdm

log = logging.getLogger(__name__)
T = TypeVar("T")

# Without a terminal, a line is logged after each SHARE of the work, but at the soonest SOONEST_S seconds after the last
# line, and at the latest LATEST_S seconds after it. The first line comes after SOONEST_S seconds in any case.
SHARE, SOONEST_S, LATEST_S = 0.1, 5.0, 60.0
_BAR = "{desc}: {percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """Counts and shows how much of some work is done.

    Args:
        what: the work, such as `extracting faces`.
        unit: what is counted, in the plural, such as `videos`.
        total: the number of units; None if it is unknown.
        keep: whether the bar, or the last line of a log, says that the work is done; another line may say it.
        delay: seconds after which the bar appears.
    """

    def __init__(self, what: str, unit: str, total: int | None, *, keep: bool = True, delay: float = 0.0) -> None:
        self.what, self.unit, self.total, self.keep = what, unit, total, keep
        self.done, self.note = 0, ""
        self._start = self._logged_at = time.monotonic()
        self._logged = 0  # how many units were done when the last line was logged
        self._bar, self._lock, self._closed = None, threading.Lock(), threading.Event()
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
        else:
            threading.Thread(target=_log_while_quiet, args=(weakref.ref(self), self._closed), daemon=True).start()

    def update(self, count: int = 1, note: str = "") -> None:
        """Count what was done since the last call.

        Args:
            count: the number of units.
            note: what to show beside the count, such as a speed.
        """
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
        with self._lock:
            self.done, self.note = self.done + count, note
            further = (self.done - self._logged) / self.total if self.total else 0.0
            self._log_after(SOONEST_S if further >= SHARE else LATEST_S)

    def tell(self, note: str) -> None:
        """Show something beside the count, until the next update."""
        if self._bar is not None:
            self._bar.set_postfix_str(note)
        with self._lock:
            self.note = note

    def close(self) -> None:
        """Close the bar, or log a last line if there were others."""
        if self._bar is not None:
            self._bar.close()
        with self._lock:
            if self._logged and self.done > self._logged:
                self._log_after(0.0)
            self._closed.set()

    def log_if_quiet(self) -> None:
        """Log a line if there was none for long, since a single unit can take minutes."""
        with self._lock:
            self._log_after(SOONEST_S if self._logged_at == self._start else LATEST_S)

    def _log_after(self, seconds: float) -> None:
        """Log a line if the last one is so long ago, unless there is a bar or another line says that all is done."""
        told_elsewhere = not self.keep and self.done == self.total
        if self._bar is not None or self._closed.is_set() or told_elsewhere:
            return
        if time.monotonic() - self._logged_at >= seconds:
            self._log()

    def _log(self) -> None:
        self._logged, self._logged_at = self.done, time.monotonic()
        passed = self._logged_at - self._start
        count = f"{self.done} {self.unit}" if self.total is None else f"{self.done} of {self.total} {self.unit}"
        when = f"{duration(passed)} so far"
        if self.total is not None and 0 < self.done < self.total:
            when = f"{duration(passed / self.done * (self.total - self.done))} left"
        elif self.total is not None and self.done:
            when = f"done in {duration(passed)}"
        log.info("%s: %s", self.what, ", ".join(filter(None, (count, self.note, when))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _log_while_quiet(reference: "weakref.ref[Progress]", closed: threading.Event) -> None:
    while not closed.wait(SOONEST_S):
        if (shown := reference()) is None:  # it was never closed
            return
        shown.log_if_quiet()
        del shown


def progress(
    each: Iterable[T], what: str, unit: str, *, total: int | None = None, keep: bool = True, delay: float = 0.0
) -> Iterator[T]:
    """Yield each item of an iterable, and show how many were yielded.

    Args:
        each: the items.
        what: what is done with them, such as `extracting faces`.
        unit: what they are, in the plural, such as `videos`.
        total: the number of items, if their length is unknown.
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
    """Write a line to stderr, above any progress bar."""
    tqdm.write(line, file=sys.stderr)


def duration(seconds: float) -> str:
    """Describe a duration in words, as exactly as a person needs it.

    Example:
        >>> duration(0.4), duration(12.3), duration(754), duration(8000)
        ('0 s', '12 s', '13 min', '2 h 13 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
