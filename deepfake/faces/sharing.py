"""Several runs on one store: each video is extracted by whoever claims it first, and the others wait for it."""

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
    """Videos that are to be extracted, by this run or by another one.

    Args:
        videos: in the order in which they are claimed.
        store: of all the runs.
        claims: of this run.
    """

    def __init__(self, videos: Sequence[Video], store: FaceStore, claims: Claims) -> None:
        self.left = list(videos)
        self.store = store
        self.claims = claims
        self.elsewhere: list[VideoRow] = []  # done by other runs, to be taken from here
        self._idle = False  # whether nothing was left for this run when it looked last
        self._said = False

    def claimed(self) -> Iterator[Video]:
        """Those that this run claims; what others are at stays in `left`."""
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
        """What other runs have done since the last call."""
        while self.elsewhere:
            yield self.elsewhere.pop()

    def wait(self) -> None:
        """Let the others work on what is left; while this run had work as well, many of them have ended theirs."""
        if not self.left or not self._idle:
            return
        if not self._said:
            log.info("%d videos are being extracted by other runs: waiting for them", len(self.left))
            self._said = True
        time.sleep(POLL_S)
