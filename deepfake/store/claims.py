"""Who works on what when several runs share a store, recorded in files that can be created only once.

    <folder>/<hash of what is claimed>    holds the name of the run that has the claim
             <hash>.1 <hash>.2 ...        the run that took the claim over after that run ended, and the one after it
             <name of a run>.run          touched every few seconds while the run lives

A claim whose run has ended no longer counts. For a run on this machine its process tells; for a run on another one, the
time of the last touch, by the clock of the disk that both share. Only a run that has taken a claim over removes another
run's claim, so if several find the same abandoned claim, only one gets it.
"""

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
from deepfake.content import digest_of_bytes
from deepfake.errors import StoreError
from deepfake.store.faults import not_writable

log = logging.getLogger(__name__)
TOUCH_S = 15
SILENT_S = 300  # a run on another machine counts as ended after this long without a touch
WRITING_S = 60  # a claim without a name is still being written, unless it is older than this
GIVEN_BACK = "given back"  # never the name of a run, so such a claim does not count
PATIENCE_S = 10  # after this long, the log says that this run is waiting


class Claims:
    """The claims of this run on one store; enter it as a context before the first claim.

    Args:
        root: the store's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "claims"
        self.name = partial_name()
        self._mine: dict[str, int] = {}  # what is claimed -> how often the claim was taken over
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
        with suppress(OSError, StoreError):  # leftovers are recognised as those of a run that has ended
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
        """Claim something if no living run has it, and return whether this run has it now.

        Raises:
            StoreError: the store cannot be written to.
        """
        return self._take(_name(what))

    def _take(self, name: str) -> bool:
        earlier: list[str] = []  # the runs that had the claim and have ended
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
            path.unlink()  # a run that had taken it over gave it back meanwhile, and another may already have it
            return False
        self._mine[name] = number
        return True

    def _write(self, path: Path) -> None:
        try:
            file = path.open("x")
        except FileNotFoundError:  # another process has removed the folder
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
        """Give back a claim of this run.

        Raises:
            StoreError: the store cannot be written to.
        """
        self._release(_name(what))

    def _release(self, name: str) -> None:
        number = self._mine.pop(name)
        last, is_another_above = self._above(name, number)
        try:
            if is_another_above:  # that run is about to back off, or took this run for one that has ended
                self._path(name, number).write_text(GIVEN_BACK)
                return
            # The run's own claim goes last; until then no other run gets it.
            for each in (*range(number), *range(number + 1, last + 1), number):
                self._path(name, each).unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(self.root, error, "claims") from error

    def _above(self, name: str, number: int) -> tuple[int, bool]:
        """Return the last claim above a number by a run that has ended, and whether a living run's claim comes next."""
        while (holder := _content(self._path(name, number + 1))) is not None:
            if self._lives(holder, self._path(name, number + 1)):
                return number, True
            number += 1
        return number, False

    @contextmanager
    def alone(self, what: str, wait_s: float = 0.02) -> Iterator[None]:
        """Hold a claim for the length of the block, waiting for the run that holds it now."""
        start, warned = time.monotonic(), False
        while not self.take(what):
            if not warned and time.monotonic() - start > PATIENCE_S:
                log.info("another run is working on the %s of %s: waiting for it", what, self.root)
                warned = True
            time.sleep(wait_s)
        try:
            yield
        finally:
            self.release(what)

    def release_abandoned(self) -> None:
        """Remove the claims of runs that were killed after they had done what they claimed.

        Raises:
            StoreError: the store cannot be written to.
        """
        for name in _claimed(self.folder):
            if self._take(name):
                self._release(name)

    def _path(self, name: str, number: int) -> Path:
        return self.folder / (f"{name}.{number}" if number else name)

    def _lives(self, holder: str, path: Path) -> bool:
        """Return whether the run named in a claim is alive."""
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
    """Remove the signs and the claims that killed runs left behind."""
    for sign in (root / "claims").glob("*.run"):
        with suppress(OSError, ValueError):
            if abandoned(sign):
                sign.unlink()
    if _claimed(root / "claims"):
        with suppress(OSError, StoreError), Claims(root) as claims:  # the store may be read-only
            claims.release_abandoned()


def _name(what: str) -> str:
    return digest_of_bytes(os.fsencode(what))


def _claimed(folder: Path) -> set[str]:
    """Return the names of everything claimed there, by living and by ended runs."""
    names = (path.name.partition(".")[0] for path in folder.glob("*") if path.suffix != ".run")
    return {name for name in names if re.fullmatch("[0-9a-f]{32}", name)}


def _content(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0")  # a power failure can leave zeros
    except FileNotFoundError:
        return None


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
