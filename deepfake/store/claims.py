"""Who is at what, when several runs work on one store: by files that can be made only once.

    <folder>/<hash of what is claimed>    names the run that has it
             <hash>.1 <hash>.2 ...        the run that took it over when that one had ended, and the one after it
             <name of a run>.run          touched every few seconds as long as the run lives

A claim whose run has ended counts no more. On the same machine its process tells; on another one, the time at which
its file was last touched, on the clock of the disk that both of them use. Nobody removes the claim of another run but
who has taken it over, so of several that find one at the same time only one gets it.
"""

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType

from deepfake.atomic import abandoned, ended, partial_name
from deepfake.errors import StoreError
from deepfake.store.faults import not_writable

log = logging.getLogger(__name__)
TOUCH_S = 15
SILENT_S = 300  # of a run on another machine, after which it counts as ended
WRITING_S = 60  # a claim without a name is being written, unless it is older than this
GIVEN_BACK = "given back"  # the name of no run, so it counts no more
PATIENCE_S = 10  # after which it is said that one waits


class Claims:
    """The claims of this run on one store; to be entered before the first.

    Args:
        root: of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "claims"
        self.name = partial_name()
        self._mine: dict[str, int] = {}  # what is claimed -> how often it was taken over
        self._end = threading.Event()

    def __enter__(self) -> "Claims":
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sign.touch()
        except OSError as error:
            raise not_writable(self.root, error, self.folder.name) from error
        self._toucher = threading.Thread(target=self._touch, daemon=True)
        self._toucher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._toucher.join()
        with suppress(OSError, StoreError):  # what is left here is seen to belong to a run that has ended
            for name in list(self._mine):
                self._release(name)
            self._sign.unlink(missing_ok=True)

    @property
    def _sign(self) -> Path:
        return self.folder / f"{self.name}.run"

    def _touch(self) -> None:
        while not self._end.wait(TOUCH_S):
            with suppress(OSError):
                self._sign.touch()

    def take(self, what: str) -> bool:
        """Claim something, if no living run has it.

        Raises:
            StoreError: the store cannot be written to.
        """
        return self._take(_name(what))

    def _take(self, name: str) -> bool:
        earlier: list[str] = []  # the runs that had it and have ended
        for number in count():
            path = self._path(name, number)
            try:
                self._write(path)
            except FileExistsError:
                holder = _content(path)
                if holder is None or self._lives(holder, path):
                    return False
                earlier.append(holder)
            except OSError as error:
                raise not_writable(self.root, error, f"claims/{path.name}") from error
            else:
                break
        unchanged = [_content(self._path(name, before)) for before in range(number)] == earlier
        if not unchanged or self._above(name, number)[1]:
            path.unlink()  # who had taken it over gives it back just now, or has, and it may be another's again
            return False
        self._mine[name] = number
        return True

    def _write(self, path: Path) -> None:
        try:
            file = path.open("x")
        except FileNotFoundError:  # somebody has tidied up
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sign.touch()
            file = path.open("x")
        try:
            with file:
                file.write(self.name)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def release(self, what: str) -> None:
        """Give back what this run has claimed.

        Raises:
            StoreError: the store cannot be written to.
        """
        self._release(_name(what))

    def _release(self, name: str) -> None:
        number = self._mine.pop(name)
        last, is_another_above = self._above(name, number)
        try:
            if is_another_above:  # it is about to back off, or took this run for one that has ended
                self._path(name, number).write_text(GIVEN_BACK)
                return
            # The own one last: until then nobody gets it.
            for each in (*range(number), *range(number + 1, last + 1), number):
                self._path(name, each).unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(self.root, error, "claims") from error

    def _above(self, name: str, number: int) -> tuple[int, bool]:
        """The last claim above one, of runs that have ended, and whether one of a living run comes after it."""
        while (holder := _content(self._path(name, number + 1))) is not None:
            if self._lives(holder, self._path(name, number + 1)):
                return number, True
            number += 1
        return number, False

    @contextmanager
    def alone(self, what: str, wait_s: float = 0.02) -> Iterator[None]:
        """Hold something for a moment, after whoever holds it now."""
        start, said = time.monotonic(), False
        while not self.take(what):
            if not said and time.monotonic() - start > PATIENCE_S:
                log.info("another run is at the %s of %s: waiting for it", what, self.root)
                said = True
            time.sleep(wait_s)
        try:
            yield
        finally:
            self.release(what)

    def release_abandoned(self) -> None:
        """Remove the claims of runs that were killed between what they did and giving it back.

        Raises:
            StoreError: the store cannot be written to.
        """
        for name in _claimed(self.folder):
            if self._take(name):
                self._release(name)

    def _path(self, name: str, number: int) -> Path:
        return self.folder / (f"{name}.{number}" if number else name)

    def _lives(self, holder: str, path: Path) -> bool:
        """Whether the run that a claim names goes on."""
        now = _modified(self._sign)  # the disk's clock, at most TOUCH_S behind
        if not holder:
            made = _modified(path)
            return now is None or made is None or now - made < WRITING_S
        sign = self.folder / f"{holder}.run"
        touched = _modified(sign)
        if touched is None:
            return False
        gone = ended(holder)
        if gone is None:
            gone = now is not None and now - touched > SILENT_S
        if gone:
            sign.unlink(missing_ok=True)
        return not gone


def sweep(root: Path) -> None:
    """Remove what runs that were killed have left: their signs and their claims."""
    for sign in (root / "claims").glob("*.run"):
        with suppress(OSError, ValueError):
            if abandoned(sign):
                sign.unlink()
    if _claimed(root / "claims"):
        with suppress(OSError, StoreError), Claims(root) as claims:  # nothing can be written here, or it is gone
            claims.release_abandoned()


def _name(what: str) -> str:
    return hashlib.blake2b(os.fsencode(what), digest_size=16).hexdigest()


def _claimed(folder: Path) -> set[str]:
    """The names of what runs claim there, whether they live or not."""
    names = (path.name.partition(".")[0] for path in folder.glob("*") if path.suffix != ".run")
    return {name for name in names if re.fullmatch("[0-9a-f]{32}", name)}


def _content(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0")  # zeros are what is left where the power went
    except FileNotFoundError:
        return None


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
