"""The interface of every corpus: from a root folder and a protocol to a list of labelled videos, without pixels."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from deepfake.schema import Video


class Count(NamedTuple):
    """How many of something were found and how many were published (None if the publication does not say)."""

    what: str
    found: int
    published: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The content of a corpus under one protocol.

    Attributes:
        videos: strictly ascending in `video_id`; every file exists. `split` is None for a video that the protocol
            drops because it would link two splits; its faces are extracted like any other's.
        missing: videos that a list names or a fake's name implies but that are not on disk, as paths in the corpus.
        num_extra: files in the corpus's folders that are not among its videos and are ignored.
        notes: sentences to log once before training.
        protocol: the rule by which splits were made.
        folders: videos found in each folder, and the published number.
        lists: entries in each list, and the published number.
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
            raise ValueError("a listing's videos must be sorted by video_id, and their ids must be unique")

    @property
    def num_dropped(self) -> int:
        """Number of videos that the protocol leaves out of every split."""
        return sum(video.split is None for video in self.videos)


class Corpus(ABC):
    """A dataset on disk. Subclasses take `root` and other options and check them when they are constructed."""

    name: str

    @abstractmethod
    def listing(self) -> Listing:
        """List the videos with labels, splits and pairs, using only names and lists.

        Raises:
            CorpusError: a required list is missing or malformed, or there is no video.
        """
