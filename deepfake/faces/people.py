"""Which tracklets belong to one person: within a segment where the face was lost, and across segments. Pure functions.

Within one shot, a face that continues where it was is the same person unless its looks forbid it: somebody who turns
looks little like before, but keeps hair and clothes. Somebody who was gone, is elsewhere or appears after a cut has to
be recognised. So if A leaves and B comes, they are two people, at one place or at two, as far as can be seen.

`looks` has the measurements behind the thresholds, which err towards two tracks for one person, since two people in one
track make wrong labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.looks import Appearance, likeness, merged
from deepfake.faces.shots import same_shot, scene, shots
from deepfake.faces.tracker import MIN_IOU_APART
from deepfake.faces.tracklet import Tracklet, box_iou, joined, smooth

# The likeness that is required. Two people at about one place reach .70, .73 and .80 in 5, 2 and 0.4 of 100 drawn
# pairs, in 29, 18 and 5 of 100 who pass in the street, and in 63, 56 and 4 of 100 on a dark stage and in its audience,
# where colours hardly differ. So in the dark the first two forbid little, and the place decides.
# Of the demo's own people, 9 of 66 pairs pass the first when one takes the other's place (2026-11-26).
GOES_ON_ALONE = 0.70  # one face before and one after, at about the same place: passes all indoors, 94 % in a street
GOES_ON = 0.73  # several faces, this one at about the same place
COMES_BACK = 0.80  # the face was gone for a while, or is at another place
# A cut also requires similar thumbnails at the same place, since rooms and clothes may be alike.
MIN_GREY_OVER_CUT = 0.7
MIN_IOU_OVER_CUT = 0.1
# Within a second or two, a face moves by at most so many of its sides (98 of 100 on a stage by 0.8, 90 of 100 who walk
# past by 1.1), and grows by at most this factor (measured: 1.48).
NEAR = 1.5
LIKE_SIZE = 1.5
# Faces of a person that another is compared with, at most, evenly spread over all that went before, and the last one.
# Of a whole video each segment adds one, and to compare with all would take hours for an hour.
REMEMBERED = 100
NEARNESS = 0.2  # added to the likeness of a face that is near, where several faces compete


@dataclass(frozen=True, slots=True)
class Segment:
    """What one segment shows.

    Attributes:
        span: T consecutive indices of frames in the video.
        scenes: frame -> how it looks as a whole, see `shots`; of every frame, or of those that `thinned` keeps.
        shots: (T,) the number of each frame's shot, from 0.
        tracklets: the faces.
    """

    span: range
    scenes: Mapping[int, np.ndarray]
    shots: np.ndarray
    tracklets: Sequence[Tracklet] = ()

    @classmethod
    def of(cls, span: range, frames: np.ndarray) -> "Segment":
        """Make a segment without its faces; `frames` is (T, H, W, 3) uint8 RGB."""
        scenes = [scene(frame) for frame in frames]
        return cls(span, dict(zip(span, scenes, strict=True)), shots(scenes))

    def thinned(self) -> "Segment":
        """Return it with the scenes alone that other segments are compared with: of its ends, and where a face ends."""
        ends = {self.span[0], self.span[-1], *(frame for each in self.tracklets for frame in (each.start, each.end))}
        return replace(self, scenes={frame: self.scenes[frame] for frame in sorted(ends)})

    def shot(self, frame: int) -> int:
        return int(self.shots[frame - self.span.start])


def find_cuts(segments: Sequence[Segment]) -> tuple[list[int], int]:
    """Find where the shots of segments end.

    Args:
        segments: in order of time.

    Returns:
        The first frame of each new shot where the frame before it was examined as well; and in how many of the gaps
        between segments the shot ends, somewhere.
    """
    found = [segment.span[i + 1] for segment in segments for i in np.flatnonzero(np.diff(segment.shots))]
    ends = [
        (a.span.stop, b.span.start)
        for a, b in pairwise(segments)
        if not same_shot(a.scenes[a.span[-1]], b.scenes[b.span[0]])
    ]
    found += [start for stop, start in ends if stop == start]
    return sorted(found), sum(stop != start for stop, start in ends)


def recognise(segments: Sequence[Segment]) -> list[list[tuple[int, int]]]:
    """Assign the tracklets of segments to people.

    Args:
        segments: in order of time.

    Returns:
        The tracklets of each person as (segment, place in its list), in order of time.
    """
    faces = [_Sighting(s, i, part, each) for s, part in enumerate(segments) for i, each in enumerate(part.tracklets)]
    faces.sort(key=lambda face: face.tracklet.start)
    people: list[_Known] = []
    view = _View(segments)
    for start, group in groupby(faces, key=lambda face: face.tracklet.start):
        new = list(group)
        free = [person for person in people if person.last.tracklet.end < start]
        fit = np.array([[view.fit(person, face) for face in new] for person in free]).reshape(len(free), len(new))
        taken = set()
        for row, column in zip(*linear_sum_assignment(fit, maximize=True), strict=True):
            if fit[row, column] > 0:
                free[row].add(new[column])
                taken.add(column)
        people += [_Known.by(face) for i, face in enumerate(new) if i not in taken]
    return [[(face.number, face.place) for face in person.faces] for person in people]


def rejoined(segment: Segment) -> Segment:
    """Join the tracklets of each person whose face was lost and came back at the same place in the same shot."""
    tracklets = []
    for places in recognise([segment]):
        of_person = [segment.tracklets[i] for _, i in places]
        parts = of_person[:1]
        for a, b in pairwise(of_person):
            near = box_iou(a.boxes[-1:], b.boxes[:1])[0, 0] >= MIN_IOU_APART
            if near and segment.shot(a.end) == segment.shot(b.start):
                parts[-1] = joined([parts[-1], b])
            else:
                parts.append(b)
        tracklets += parts
    return replace(segment, tracklets=tracklets)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A tracklet and where it comes from."""

    number: int
    place: int
    segment: Segment
    tracklet: Tracklet

    @property
    def appearance(self) -> Appearance:
        assert self.tracklet.seen is not None
        return self.tracklet.seen


@dataclass(slots=True)
class _Known:
    """A person and the faces recognised so far.

    Attributes:
        faces: in order of time.
        kept: the looks of every `step`-th of them.
        appearance: these looks and the last.
    """

    faces: list[_Sighting]
    appearance: Appearance
    kept: list[Appearance]
    step: int = 1

    @classmethod
    def by(cls, face: _Sighting) -> "_Known":
        return cls([face], face.appearance, [face.appearance])

    @property
    def last(self) -> _Sighting:
        return self.faces[-1]

    def add(self, face: _Sighting) -> None:
        if len(self.faces) % self.step == 0:
            self.kept.append(face.appearance)
        self.faces.append(face)
        if len(self.kept) > REMEMBERED:
            self.kept, self.step = self.kept[::2], 2 * self.step
        last = [] if self.kept[-1] is face.appearance else [face.appearance]
        self.appearance = merged([*self.kept, *last])


@dataclass(slots=True)
class _View:
    """Compares faces of all segments; each pair of frames is compared only once."""

    segments: Sequence[Segment]
    same: dict[tuple[int, int], bool] = field(default_factory=dict)

    def fit(self, person: _Known, face: _Sighting) -> float:
        """How well a face fits a person, above 0; 0 if it is too different."""
        last = person.last
        alike = likeness(person.appearance, face.appearance)
        before, after = last.tracklet.boxes[-1], face.tracklet.boxes[0]
        if not self._in_shot(last, face):
            grey = float((person.appearance.grey @ face.appearance.grey.T).max())
            there = box_iou(before[None], after[None])[0, 0] >= MIN_IOU_OVER_CUT
            return alike if there and grey >= MIN_GREY_OVER_CUT and alike >= COMES_BACK else 0.0
        near = _near(before, after)
        wanted = COMES_BACK
        if near and _adjoining(last, face):
            wanted = GOES_ON_ALONE if _alone(last, last.tracklet.end) and _alone(face, face.tracklet.start) else GOES_ON
        return alike + NEARNESS * near if alike >= wanted else 0.0

    def _in_shot(self, a: _Sighting, b: _Sighting) -> bool:
        """Whether the end of `a` and the start of `b` are in one shot, where a cut away and back does not count."""
        end, start = a.tracklet.end, b.tracklet.start
        if a.number == b.number and a.segment.shot(end) == a.segment.shot(start):
            return True
        if (end, start) not in self.same:
            self.same[end, start] = same_shot(a.segment.scenes[end], b.segment.scenes[start])
        return self.same[end, start]


def _adjoining(a: _Sighting, b: _Sighting) -> bool:
    """Whether no examined frame lies between two faces."""
    if a.number == b.number:
        return b.tracklet.start == a.tracklet.end + 1
    ends = a.tracklet.end == a.segment.span[-1] and b.tracklet.start == b.segment.span[0]
    return ends and b.number == a.number + 1


def _alone(face: _Sighting, frame: int) -> bool:
    """Whether a frame shows no other face of at least half the size."""
    side = smooth(face.tracklet.boxes).side
    others = [each for i, each in enumerate(face.segment.tracklets) if i != face.place and frame in each.frames]
    return all(smooth(each.boxes).side < side / 2 for each in others)


def _near(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two boxes (4,) may be one face that moved a little."""
    smaller, larger = sorted(float(max(box[2:] - box[:2])) for box in (a, b))
    apart = (a[:2] + a[2:] - b[:2] - b[2:]) / 2
    return bool(np.hypot(*apart) <= NEAR * larger and larger <= LIKE_SIZE * smaller)
