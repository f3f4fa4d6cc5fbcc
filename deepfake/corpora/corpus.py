"""What every corpus is: a root folder and a protocol in, a listing of labelled videos out. No pixels are read."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from deepfake.schema import Video


class Count(NamedTuple):
    """How much of a thing is there, against how much was published (None where the publication does not say)."""

    what: str
    found: int
    published: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a corpus holds under one protocol.

    Attributes:
        videos: strictly ascending in `video_id`; every file is on disk. `split` is None for a video that the protocol
            drops because it would tie two splits together: it is extracted like any other, and in no split.
        missing: what the lists name, or the name of a fake implies, and the disk has not; paths inside the corpus.
        num_extra: files in the corpus's folders that are none of its videos, and are ignored.
        notes: sentences to say once before training.
        protocol: the rule that the splits follow.
        folders: videos found in each folder, against the publication.
        lists: entries in each list, against the publication.
    """

    videos: tuple[Video, ...]
    missing: tuple[str, ...] = ()
    num_extra: int = 0
    notes: tuple[str, ...] = ()
    protocol: str = "official"
    folders: tuple[Count, ...] = ()
    lists: tuple[Count, ...] = ()

    def __post_init__(self) -> None:
        ids = [video.video_id for video in self.videos]
        if any(a >= b for a, b in pairwise(ids)):
            raise ValueError("a listing's videos are sorted by video_id, and no two share one")

    @property
    def num_dropped(self) -> int:
        """Videos that the protocol leaves out of every split."""
        return sum(video.split is None for video in self.videos)


class Corpus(ABC):
    """A data set on disk. Subclasses take `root` (and what else they need) and check it when they are made."""

    name: str

    @abstractmethod
    def listing(self) -> Listing:
        """Lists the videos with label, split and pairs, from names and lists alone.

        Raises:
            CorpusError: a list that the corpus cannot do without is missing or malformed, or no video is there.
        """
