"""What is gathered while going through one video: its segments, its people, and what was lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from deepfake.faces.people import Segment
from deepfake.faces.reference import changed_track
from deepfake.faces.tracklet import Person, Tracklet


@dataclass(slots=True)
class Cut:
    """A tracklet and its crops.

    Attributes:
        tracklet: where the face is.
        rows: (N, C) one per crop, `CROP_COLUMNS` without the track.
        images: the places of the encoded crops in the pile of the video.
        difference: from the real at the same place; None if there is nothing to compare with.
    """

    tracklet: Tracklet
    rows: np.ndarray
    images: list[int]
    difference: float | None


@dataclass(slots=True)
class Scan:
    """What was seen in a video.

    Attributes:
        people: the crops of each person, in order of time; the largest person first.
        segments: segments that could be decoded.
        num_sampled: frames decoded.
        num_detected: frames shown to the finder.
        num_segments: segments that the recipe asks for.
        num_lost: segments that cannot be decoded completely.
        num_frozen: segments that show a single picture.
        num_repeated: frames that equal the frame before them, in the other segments.
        num_dropped: people who were too small or too brief.
        reused: whether the boxes are the real's.
    """

    people: list[list[Cut]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    num_sampled: int = 0
    num_detected: int = 0
    num_segments: int = 0
    num_lost: int = 0
    num_frozen: int = 0
    num_repeated: int = 0
    num_dropped: int = 0
    reused: bool = False

    @property
    def main_share(self) -> float:
        """Share of the segments in which the main person was found; lost segments count as without."""
        found = {row[0] for cut in self.people[0] for row in cut.rows} if self.people else ()
        return len(found) / self.num_segments if self.num_segments else 0.0

    @property
    def changed(self) -> int:
        """The track that was changed; -1 if it is unknown."""
        differences = {
            number: [cut.difference for cut in cuts if cut.difference is not None]
            for number, cuts in enumerate(self.people)
        }
        found = changed_track({number: float(np.mean(each)) for number, each in differences.items() if each})
        return -1 if found is None else found


def count_repeated(frames: np.ndarray) -> int:
    """Count the frames of (T, H, W, 3) that equal the frame before them bit for bit.

    Example:
        >>> a, b = np.zeros((1, 2, 2, 3), np.uint8), np.ones((1, 2, 2, 3), np.uint8)
        >>> count_repeated(np.concatenate([a, a, b, b, a]))
        2
    """
    return sum(bool(np.array_equal(before, after)) for before, after in pairwise(frames))


def person_of(cuts: Sequence[Cut]) -> Person:
    return Person([cut.tracklet for cut in cuts])


def largest_first(people: Sequence[list[Cut]]) -> list[list[Cut]]:
    return sorted(people, key=lambda cuts: person_of(cuts).area, reverse=True)
