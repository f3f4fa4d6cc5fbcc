"""Faces of single frames, linked by overlap into tracks. Pure geometry: numbers in, numbers out.

Source: SORT (Bewley et al. 2016) without its motion model: at 25 frames a second a face overlaps itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.detector import Faces
from deepfake.schema import FaceTrack


@dataclass(slots=True)
class _Open:
    """A track that may still grow."""

    frames: list[int] = field(default_factory=list)
    faces: list[tuple[np.ndarray, float, np.ndarray]] = field(default_factory=list)

    def closed(self) -> FaceTrack:
        boxes, scores, landmarks = (np.stack(part).astype(np.float32) for part in zip(*self.faces, strict=True))
        return FaceTrack(np.array(self.frames, np.int64), boxes, scores, landmarks)


def link(
    frames: Sequence[int], faces: Sequence[Faces], *, min_iou: float = 0.3, min_iou_apart: float = 0.1
) -> list[FaceTrack]:
    """Join the faces of successive frames that overlap most, each to one track at most.

    Two faces are joined when their boxes overlap by `min_iou`, or by `min_iou_apart` when frames lie between them
    (another segment, or frames without the face), since a face moves meanwhile.

    Args:
        frames: (N,) frame indices, ascending.
        faces: N entries, the faces of each.

    Returns:
        Tracks, the main one first: the largest sum of box areas, so a large face that is always there.

    Example:
        >>> left, right = [0, 0, 10, 10], [50, 0, 60, 10]
        >>> def at(*boxes): n = len(boxes); return Faces(np.array(boxes, float), np.ones(n), np.zeros((n, 5, 2)))
        >>> [t.frames.tolist() for t in link([0, 1, 2], [at(left), at(left, right), at(left, right)])]
        [[0, 1, 2], [1, 2]]
    """
    tracks: list[_Open] = []
    for frame, found in zip(frames, faces, strict=True):
        taken = set()
        if tracks and len(found):
            overlap = box_iou(np.stack([track.faces[-1][0] for track in tracks]), found.boxes)
            needed = np.array([min_iou if track.frames[-1] == frame - 1 else min_iou_apart for track in tracks])
            for row, column in _matches(overlap, needed):
                tracks[row].frames.append(frame)
                tracks[row].faces.append((found.boxes[column], found.scores[column], found.landmarks[column]))
                taken.add(column)
        for i in set(range(len(found))) - taken:
            tracks.append(_Open([frame], [(found.boxes[i], found.scores[i], found.landmarks[i])]))
    return sorted((track.closed() for track in tracks), key=_area, reverse=True)


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (N, 4) and (M, 4) as x0, y0, x1, y1 -> (N, M) in [0, 1]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clip(0).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (a, b)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None, :] - shared, 1e-9)


@dataclass(frozen=True, slots=True)
class Face:
    """The one box that stands for a face through a segment, in pixels of the frame.

    Attributes:
        x: of the centre.
        y: of the centre.
        width: of the detector's box.
        height: of the detector's box.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def side(self) -> float:
        """Of the square box: the longer of the two."""
        return max(self.width, self.height)


def smooth(boxes: np.ndarray) -> Face:
    """One box for many: the median centre, width and height, so that the jitter of the detector is not a cue.

    It is rounded to a thousandth of a pixel, as the store keeps it, so that a fake that reuses it is cut alike.

    Args:
        boxes: (N, 4) x0, y0, x1, y1 in pixels.

    Example:
        >>> smooth(np.array([[0, 0, 10, 20], [2, 0, 12, 20], [40, 0, 50, 20]]))
        Face(x=7.0, y=10.0, width=10.0, height=20.0)
    """
    centre = np.median((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0)
    width, height = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    return Face(*(round(float(value), 3) for value in (*centre, width, height)))


def _matches(overlap: np.ndarray, needed: np.ndarray) -> Iterator[tuple[int, int]]:
    """One-to-one pairs of largest total overlap, of those that overlap enough."""
    allowed = np.where(overlap >= needed[:, None], overlap, 0.0)
    for row, column in zip(*linear_sum_assignment(allowed, maximize=True), strict=True):
        if allowed[row, column] > 0:
            yield int(row), int(column)


def _area(track: FaceTrack) -> float:
    return float((track.boxes[:, 2:] - track.boxes[:, :2]).prod(-1).sum())
