"""Link the faces of single frames into tracklets by position and looks. Pure: numbers in, numbers out.

A face continues where it was or where it was heading, and only if it still looks the same, unlike a person whom a cut
puts in the same place. `deepfake.faces.people` decides who is the same person across a gap.

Source: SORT (Bewley et al. 2016) for assignment by overlap, with a constant velocity in place of its Kalman filter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.finders import Faces
from deepfake.faces.tracklet import Tracklet, box_iou

# Boxes overlap by at least this much from one frame to the next, and across a gap, in which a face moves.
MIN_IOU = 0.3
MIN_IOU_APART = 0.1
# See `looks`: from frame to frame the same face hardly changes; across a gap, a doubtful likeness is left to
# `recognise`, which sees more than the face.
MIN_ALIKE = 0.6
MIN_ALIKE_APART = 0.7


@dataclass(slots=True)
class _Open:
    """A tracklet that may still grow."""

    shot: int
    frames: list[int] = field(default_factory=list)
    faces: list[tuple[np.ndarray, float, np.ndarray]] = field(default_factory=list)
    looks: list[np.ndarray] = field(default_factory=list)

    def add(self, frame: int, faces: Faces, looks: np.ndarray, i: int) -> None:
        self.frames.append(frame)
        self.faces.append((faces.boxes[i], faces.scores[i], faces.landmarks[i]))
        self.looks.append(looks[i])

    def expected(self, frame: int) -> np.ndarray:
        """(4,) the box if the face keeps its velocity between its last two frames."""
        last = self.faces[-1][0]
        if len(self.frames) < 2:
            return last
        velocity = (last - self.faces[-2][0]) / (self.frames[-1] - self.frames[-2])
        return last + velocity * (frame - self.frames[-1])

    def closed(self) -> Tracklet:
        boxes, scores, landmarks = (np.stack(part).astype(np.float32) for part in zip(*self.faces, strict=True))
        return Tracklet(np.array(self.frames, np.int64), boxes, scores, landmarks, np.stack(self.looks))


def link(
    frames: Sequence[int], faces: Sequence[Faces], looks: Sequence[np.ndarray], shots: Sequence[int] | None = None
) -> list[Tracklet]:
    """Link faces from frame to frame, each into one tracklet.

    Args:
        frames: (N,) indices of the frames of one segment, ascending.
        faces: N entries, the faces of each frame.
        looks: N entries (F, D), how these faces look: rows of length 1.
        shots: (N,) the shot of each frame, which no tracklet leaves; None is one shot.

    Example:
        >>> left, right = [0, 0, 10, 10], [50, 0, 60, 10]
        >>> def at(*boxes): n = len(boxes); return Faces(np.array(boxes, float), np.ones(n), np.zeros((n, 5, 2)))
        >>> found = link([0, 1, 2], [at(left), at(left, right), at(left, right)], [np.ones((n, 1)) for n in (1, 2, 2)])
        >>> [tracklet.frames.tolist() for tracklet in found]
        [[0, 1, 2], [1, 2]]
    """
    tracks: list[_Open] = []
    for frame, found, look, shot in zip(frames, faces, looks, shots or [0] * len(frames), strict=True):
        taken = set()
        known = [track for track in tracks if track.shot == shot]
        if known and len(found):
            for row, column in _matches(known, frame, found, look):
                known[row].add(frame, found, look, column)
                taken.add(column)
        for i in sorted(set(range(len(found))) - taken):
            tracks.append(_Open(shot))
            tracks[-1].add(frame, found, look, i)
    return [track.closed() for track in tracks]


def _matches(tracks: Sequence[_Open], frame: int, faces: Faces, looks: np.ndarray) -> Iterator[tuple[int, int]]:
    """The best one-to-one pairs (index of track, index of face) that are near enough and alike enough."""
    last = np.stack([track.faces[-1][0] for track in tracks])
    expected = np.stack([track.expected(frame) for track in tracks])
    overlap = np.maximum(box_iou(last, faces.boxes), box_iou(expected, faces.boxes))
    alike = np.stack([track.looks[-1] for track in tracks]) @ looks.T
    apart = np.array([track.frames[-1] < frame - 1 for track in tracks])[:, None]
    near = overlap >= np.where(apart, MIN_IOU_APART, MIN_IOU)
    fit = np.where(near & (alike >= np.where(apart, MIN_ALIKE_APART, MIN_ALIKE)), overlap + alike, 0.0)
    for row, column in zip(*linear_sum_assignment(fit, maximize=True), strict=True):
        if fit[row, column] > 0:
            yield int(row), int(column)
