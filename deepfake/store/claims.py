"""Who is at what, when several runs work on one store: by files that can be made only once.

    <folder>/<hash of what is claimed>    names the run that has it
             <name of a run>.run          touched every few seconds as long as the run lives

A claim whose run has ended counts no more. On the same machine its process tells; on another one, the time at which
its file was last touched, on the clock of the disk that both of them use.
"""

import hashlib
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from deepfake.atomic import ended, partial_name

TOUCH_S = 15
SILENT_S = 300  # of a run on another machine, after which it counts as ended
WRITING_S = 60  # a claim without a name is being written, unless it is older than this


class Claims:
    """The claims of this run on one store; to be entered before the first.

    Args:
        folder: that all runs on the store share.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = partial_name()
        self._mine: set[str] = set()
        self._end = threading.Event()

    def __enter__(self) -> "Claims":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sign.touch()
        self._toucher = threading.Thread(target=self._touch, daemon=True)
        self._toucher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._toucher.join()
        for what in list(self._mine):
            self.release(what)
        self._sign.unlink(missing_ok=True)

    @property
    def _sign(self) -> Path:
        return self.folder / f"{self.name}.run"

    def _touch(self) -> None:
        while not self._end.wait(TOUCH_S):
            with suppress(OSError):
                self._sign.touch()

    def take(self, what: str) -> bool:
        """Claim something, if no living run has it."""
        path = self._path(what)
        for _ in range(2):
            try:
                with path.open("x") as file:
                    file.write(self.name)
            except FileExistsError:
                if not self._clear(path):
                    return False
            else:
                self._mine.add(what)
                return True
        return False

    def release(self, what: str) -> None:
        """Give back what this run has claimed."""
        self._mine.discard(what)
        self._path(what).unlink(missing_ok=True)

    @contextmanager
    def alone(self, what: str, wait_s: float = 0.02) -> Iterator[None]:
        """Hold something for a moment, after whoever holds it now."""
        while not self.take(what):
            time.sleep(wait_s)
        try:
            yield
        finally:
            self.release(what)

    def _path(self, what: str) -> Path:
        return self.folder / hashlib.blake2b(os.fsencode(what), digest_size=16).hexdigest()

    def _clear(self, path: Path) -> bool:
        """Whether a claim is gone, its run having ended."""
        try:
            holder = path.read_text()
            if self._lives(holder, path):
                return False
            aside = self.folder / f"{uuid.uuid4().hex}.ended"
            path.rename(aside)
            if aside.read_text() != holder:  # another run was quicker, and has it now
                with suppress(OSError):
                    os.link(aside, path)
            aside.unlink()
        except FileNotFoundError:
            pass
        return True

    def _lives(self, holder: str, path: Path) -> bool:
        sign = self.folder / f"{holder}.run"
        now = self._sign.stat().st_mtime  # the disk's clock, at most TOUCH_S behind
        if not holder:
            return now - path.stat().st_mtime < WRITING_S
        if not sign.exists():
            return False
        gone = ended(holder)
        if gone is None:
            gone = now - sign.stat().st_mtime > SILENT_S
        if gone:
            sign.unlink(missing_ok=True)
        return not gone
