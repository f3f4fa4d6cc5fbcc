"""What a visitor goes through: the file is taken and looked at, waits in line, is scored, and is gone."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from deepfake.app.limits import Limits
from deepfake.app.line import Job, Line
from deepfake.app.uploads import Upload, Uploads
from deepfake.errors import DeepfakeError, UploadError
from deepfake.verdict.page.sentences import clock

log = logging.getLogger(__name__)
FAILED = "The machine or the program failed; the log of the page says why."
_EVERY_S = 0.2  # seconds between two looks at the line
_ALIVE = 25  # looks after which a visitor is shown the same again, which tells whether the page is still open


@dataclass(frozen=True, slots=True)
class Shown:
    """What a visitor sees.

    Attributes:
        says: where the file is, or why it cannot be taken.
        is_refusal: whether it is the latter.
        card: HTML; None before there is one.
        busy: whether more follows.
    """

    says: str
    is_refusal: bool = False
    card: str | None = None
    busy: bool = True


class Desk:
    """Takes files and puts them in line.

    Args:
        uploads: the files.
        line: where they wait.
        limits: what is taken.
        length: reads the length of a video in seconds, if the file says it.
    """

    def __init__(self, uploads: Uploads, line: Line, limits: Limits, length: Callable[[Path], float | None]) -> None:
        self.uploads = uploads
        self.line = line
        self.limits = limits
        self.length = length

    async def visit(self, file: Mapping[str, Any], detector: str) -> AsyncGenerator[Shown, None]:
        """Yield what a visitor sees, until the card is there or the file is refused.

        Args:
            file: see `Uploads.claim`.
            detector: name of the detector that scores it.
        """
        try:
            upload = self.uploads.claim(file)
        except UploadError as error:
            yield Shown(str(error), is_refusal=True, busy=False)
            return
        job = Job(upload, detector)
        entered = False
        try:
            yield Shown("Looking at the file.")
            await self._require_short(upload)
            self.line.enter(job)
            entered = True
            async for shown in self._waiting(job):
                yield shown
            yield Shown("Done. The file is deleted.", card=job.card.result(), busy=False)
        except UploadError as error:
            yield Shown(str(error), is_refusal=True, busy=False)
        except Exception:
            log.exception("a file could not be taken; the page goes on")
            yield Shown(FAILED, is_refusal=True, busy=False)
        finally:  # also where the page was closed
            if not entered or self.line.leave(job):
                self.uploads.discard(upload)

    async def _waiting(self, job: Job) -> AsyncIterator[Shown]:
        """Yield where a job is, as often as that changes, and now and then to see whether the page is still open."""
        before, looks = -1, 0
        while not job.card.done():
            ahead = self.line.ahead(job)
            if ahead != before or looks == _ALIVE:
                before, looks = ahead, 0
                yield Shown(_place(ahead))
            looks += 1
            await asyncio.sleep(_EVERY_S)

    async def _require_short(self, upload: Upload) -> None:
        """Stop if a video is too long. What cannot be read is not refused here: its card says why.

        Raises:
            UploadError: it is.
        """
        if upload.is_image:
            return
        try:
            found = await asyncio.to_thread(self.length, upload.path)
        except (DeepfakeError, OSError, ProcessExpired, BrokenExecutor):  # a time that is up is an OSError as well
            return
        if found is not None and found > self.limits.max_seconds:
            raise UploadError(f"The video is {clock(found)} long; the limit is {self.limits.longest}.")


def _place(ahead: int) -> str:
    if not ahead:
        return "Scoring the file."
    return f"Waiting: {ahead} {'file is' if ahead == 1 else 'files are'} scored before this one."
