"""Several runs on one store: the first to claim a video extracts it, and the others wait for it."""

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from deepfake.schema import VideoRow
from deepfake.store import Claims, FaceStore

log = logging.getLogger(__name__)
Video = tuple[str, Path, str | None]  # video_id, file, video_id of the real
POLL_S = 0.2


class Shared:
    """Videos to extract, by this run or by another.

    Args:
        videos: in the order in which they are claimed.
        store: the store of all runs.
        claims: the claims of this run.
    """

    def __init__(self, videos: Sequence[Video], store: FaceStore, claims: Claims) -> None:
        self.left = list(videos)
        self.store = store
        self.claims = claims
        self.elsewhere: list[VideoRow] = []  # done by other runs, not yet handed out
        self._idle = False  # whether this run found nothing to do when it last looked
        self._announced = False

    def claimed(self) -> Iterator[Video]:
        """Claim videos for this run and yield them; those that others have claimed stay in `left`."""
        videos, self.left, self._idle = self.left, [], True
        for video_id, path, real_id in videos:
            if not self.claims.take(video_id):
                self.left.append((video_id, path, real_id))
            elif (row := self.store.done(video_id, path)) is not None:
                self.claims.release(video_id)
                self.elsewhere.append(row)
            else:
                self._idle = False
                yield video_id, path, real_id

    def taken_elsewhere(self) -> Iterator[VideoRow]:
        """Yield the rows of videos that other runs have done since the last call."""
        while self.elsewhere:
            yield self.elsewhere.pop()

    def wait(self) -> None:
        """Pause for other runs, unless this run had work itself, during which many of theirs may have ended."""
        if not self.left or not self._idle:
            return
        if not self._announced:
            log.info("%d videos are being extracted by other runs: waiting for them", len(self.left))
            self._announced = True
        time.sleep(POLL_S)
