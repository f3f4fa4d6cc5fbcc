"""The interface of every corpus: from a root folder and a protocol to a list of labelled videos, without pixels."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from deepfake.errors import CorpusError
from deepfake.schema import Split, Video


class Count(NamedTuple):
    """How many of something were found and how many were published (None if the publication does not say)."""

    what: str
    found: int
    published: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The content of a corpus under one protocol.

    Attributes:
        videos: given in any order, kept sorted by `video_id`; every file is on disk. `split` is None for a video that
            the protocol drops because it would tie two splits together: it is extracted like any other, and in no
            split.
        missing: ids of videos that the lists name and the disk has not. Reals that a fake names in `real_id` and that
            are not among the videos are added to it.
        num_extra: files in the corpus's folders that are none of its videos, and are ignored.
        notes: sentences to say once before training.
        protocol: the rule that the splits follow.
        folders: videos found in each folder, against the publication.
        lists: entries in each list, against the publication.

    Raises:
        CorpusError: two videos have one `video_id`.
    """

    videos: tuple[Video, ...]
    missing: tuple[str, ...] = ()
    num_extra: int = 0
    notes: tuple[str, ...] = ()
    protocol: str = "official"
    folders: tuple[Count, ...] = ()
    lists: tuple[Count, ...] = ()

    def __post_init__(self) -> None:
        videos = tuple(sorted(self.videos, key=lambda video: video.video_id))
        object.__setattr__(self, "videos", videos)  # the dataclass is frozen
        for a, b in pairwise(videos):
            if a.video_id == b.video_id:
                raise CorpusError(f"two videos have the id {a.video_id}: {a.path} and {b.path}; each needs its own")
        ids = {video.video_id for video in videos}
        named = {video.real_id for video in videos if video.real_id}
        object.__setattr__(self, "missing", tuple(sorted({*self.missing, *(named - ids)})))
        for method in sorted({video.method for video in videos if video.real_id}):
            wanted = {video.real_id for video in videos if video.real_id and video.method == method}
            if not wanted & ids:
                note = (
                    f"no fake by {method} finds its real among the videos (the first looks for {min(wanted)}); is its "
                    "real_id right?"
                )
                if note not in self.notes:  # as it is in a copy
                    object.__setattr__(self, "notes", (*self.notes, note))

    def of(self, split: Split) -> list[Video]:
        """Return the videos of one split, sorted by `video_id`."""
        return [video for video in self.videos if video.split is split]

    @property
    def num_dropped(self) -> int:
        """Number of videos that the protocol leaves out of every split."""
        return sum(video.split is None for video in self.videos)


class Corpus(ABC):
    """A dataset on disk. Subclasses take `root` and other options and check them when they are constructed."""

    @abstractmethod
    def listing(self) -> Listing:
        """List the videos with labels, splits and pairs, using only names and lists.

        Raises:
            CorpusError: a required list is missing or malformed, or there is no video.
        """
