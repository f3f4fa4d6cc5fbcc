"""Faces of single frames, linked into tracks by where they are and how they look. Pure: numbers in, numbers out.

Two steps: `link` follows faces through the frames of one segment; `join` recognises them in the next segment. A face
goes on where it was or where it was going, and only if it still looks the same: the person whom a cut puts into the
same place does not.

Source: SORT (Bewley et al. 2016) for assignment by overlap, with a constant velocity in place of its Kalman filter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.finders.finder import Faces
from deepfake.schema import FaceTrack

# Boxes overlap by so much from one frame to the next, and where frames lie between them, since a face moves meanwhile.
MIN_IOU = 0.3
MIN_IOU_APART = 0.1
# See `looks`: from frame to frame the same face hardly changes; over a gap a doubtful likeness is a new track, since
# one person in two tracks costs little, and two people in one track make wrong labels.
MIN_ALIKE = 0.6
MIN_ALIKE_APART = 0.7
# Without a cut a face that turned meanwhile is itself: whole frames correlate by 0.81 and more within a shot of
# a hand-held camera, and by 0.50 and less over a cut (two real clips). Then it has to be where it was.
MIN_SAME_SHOT = 0.8
MIN_ALIKE_IN_SHOT = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """A face through one segment.

    Attributes:
        track: where it is.
        looks: (N, D) how it looks in each frame, see `deepfake.faces.looks`.
    """

    track: FaceTrack
    looks: np.ndarray


@dataclass(slots=True)
class _Open:
    """A track that may still grow."""

    frames: list[int] = field(default_factory=list)
    faces: list[tuple[np.ndarray, float, np.ndarray]] = field(default_factory=list)
    looks: list[np.ndarray] = field(default_factory=list)

    def add(self, frame: int, faces: Faces, looks: np.ndarray, i: int) -> None:
        self.frames.append(frame)
        self.faces.append((faces.boxes[i], faces.scores[i], faces.landmarks[i]))
        self.looks.append(looks[i])

    def expected(self, frame: int) -> np.ndarray:
        """(4,) the box if the face goes on as it went between its last two frames."""
        last = self.faces[-1][0]
        if len(self.frames) < 2:
            return last
        velocity = (last - self.faces[-2][0]) / (self.frames[-1] - self.frames[-2])
        return last + velocity * (frame - self.frames[-1])

    def closed(self) -> Piece:
        boxes, scores, landmarks = (np.stack(part).astype(np.float32) for part in zip(*self.faces, strict=True))
        return Piece(FaceTrack(np.array(self.frames, np.int64), boxes, scores, landmarks), np.stack(self.looks))


def link(frames: Sequence[int], faces: Sequence[Faces], looks: Sequence[np.ndarray]) -> list[Piece]:
    """Follow faces from frame to frame, each by one track at most.

    Args:
        frames: (N,) indices of the frames of one segment, ascending.
        faces: N entries, the faces of each.
        looks: N entries (F, D), how these look: rows of length 1.

    Example:
        >>> left, right = [0, 0, 10, 10], [50, 0, 60, 10]
        >>> def at(*boxes): n = len(boxes); return Faces(np.array(boxes, float), np.ones(n), np.zeros((n, 5, 2)))
        >>> pieces = link([0, 1, 2], [at(left), at(left, right), at(left, right)], [np.ones((n, 1)) for n in (1, 2, 2)])
        >>> [piece.track.frames.tolist() for piece in pieces]
        [[0, 1, 2], [1, 2]]
    """
    tracks: list[_Open] = []
    for frame, found, look in zip(frames, faces, looks, strict=True):
        taken = set()
        if tracks and len(found):
            last = np.stack([track.faces[-1][0] for track in tracks])
            expected = np.stack([track.expected(frame) for track in tracks])
            overlap = np.maximum(box_iou(last, found.boxes), box_iou(expected, found.boxes))
            alike = np.stack([track.looks[-1] for track in tracks]) @ look.T
            apart = np.array([track.frames[-1] < frame - 1 for track in tracks])
            min_iou = np.where(apart, MIN_IOU_APART, MIN_IOU)
            for row, column in _matches(overlap, alike, min_iou, np.where(apart, MIN_ALIKE_APART, MIN_ALIKE)):
                tracks[row].add(frame, found, look, column)
                taken.add(column)
        for i in sorted(set(range(len(found))) - taken):
            tracks.append(_Open())
            tracks[-1].add(frame, found, look, i)
    return [track.closed() for track in tracks]


def join(segments: Sequence[Sequence[Piece]], scenes: Sequence[np.ndarray]) -> list[list[tuple[int, int]]]:
    """Recognise faces from segment to segment.

    Args:
        segments: the pieces of each, in the order of time.
        scenes: (2, D) for each segment, how its first and its last frame look as a whole: rows of length 1.

    Returns:
        For every track its pieces as (segment, place in that segment's list), one a segment at most.
    """
    tracks: list[list[tuple[int, int]]] = []
    for number, pieces in enumerate(segments):
        taken = set()
        if tracks and pieces:
            ends = [track[-1] for track in tracks]
            known = [segments[s][i] for s, i in ends]
            overlap = box_iou(
                np.stack([piece.track.boxes[-1] for piece in known]),
                np.stack([piece.track.boxes[0] for piece in pieces]),
            )
            alike = np.stack([piece.looks[-1] for piece in known]) @ np.stack([piece.looks[0] for piece in pieces]).T
            in_shot = np.array([scenes[s][1] @ scenes[number][0] >= MIN_SAME_SHOT for s, _ in ends])
            min_iou = np.where(in_shot, MIN_IOU, MIN_IOU_APART)
            for row, column in _matches(overlap, alike, min_iou, np.where(in_shot, MIN_ALIKE_IN_SHOT, MIN_ALIKE_APART)):
                tracks[row].append((number, column))
                taken.add(column)
        tracks += [[(number, i)] for i in range(len(pieces)) if i not in taken]
    return tracks


def joined(pieces: Sequence[FaceTrack]) -> FaceTrack:
    """The pieces of one track, in the order of time, as one."""
    parts = [(piece.frames, piece.boxes, piece.scores, piece.landmarks) for piece in pieces]
    return FaceTrack(*(np.concatenate(part) for part in zip(*parts, strict=True)))


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
        width: of the finder's box.
        height: of the finder's box.
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
    """One box for many: the median centre, width and height, so that the jitter of the finder is not a cue.

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


def area(track: FaceTrack) -> float:
    """Sum of its boxes' areas: largest for a large face that is always there, the main one of a video."""
    return float((track.boxes[:, 2:] - track.boxes[:, :2]).prod(-1).sum())


def _matches(
    overlap: np.ndarray, alike: np.ndarray, min_iou: np.ndarray, min_alike: np.ndarray
) -> Iterator[tuple[int, int]]:
    """One-to-one pairs (row, column) that fit best, of those that are near enough and alike enough.

    Args:
        overlap: (N, M) IoU.
        alike: (N, M) correlation.
        min_iou: (N,) what each row asks for.
        min_alike: (N,) likewise.
    """
    fit = np.where((overlap >= min_iou[:, None]) & (alike >= min_alike[:, None]), overlap + alike, 0.0)
    for row, column in zip(*linear_sum_assignment(fit, maximize=True), strict=True):
        if fit[row, column] > 0:
            yield int(row), int(column)
