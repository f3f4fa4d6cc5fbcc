"""Detect few, track between: faces are detected in some frames of a segment and interpolated where these agree.

The first key frames are `every` frames apart, and the last frame is one. Two neighbours agree if each face of the one
is a face of the other, by overlap, and the boxes in a straight line between them hold the same picture in every frame
between. Where they do not agree the frame in the middle becomes a key frame, until they do or are neighbours: a cut, a
face that comes or goes and a fast move are followed frame by frame, and the rest of the segment is not.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.finders.finder import Faces, Finder
from deepfake.faces.looks import looks
from deepfake.faces.tracker import MIN_ALIKE
from deepfake.faces.tracklet import box_iou

_Seen = tuple[Faces, np.ndarray]  # the faces of a frame, and how they look

MIN_IOU = 0.5  # a face that moved further did not move in a straight line, for all that is known


def detect(
    frames: np.ndarray, finder: Finder, *, every: int, min_score: float, min_face_size: int
) -> tuple[list[Faces], list[np.ndarray], int]:
    """Find the faces of every frame of a segment.

    Args:
        frames: (T, H, W, 3) uint8 RGB, consecutive.
        finder: is shown as few frames as will do.
        every: distance of the first key frames; 1 detects in every frame.
        min_score: detections below are no faces.
        min_face_size: key frames may disagree on faces that are smaller, in pixels.

    Returns:
        The faces of each frame, how they look (see `looks`), and the number of frames that the finder saw.
    """
    found: dict[int, _Seen] = {}
    num_detected = 0
    wanted = sorted({*range(0, len(frames), every), len(frames) - 1})
    while wanted:
        for i, faces in zip(wanted, finder.find(frames[wanted]), strict=True):
            faces = faces.above(min_score)
            found[i] = faces, looks(frames[i], faces.boxes)
        num_detected += len(wanted)
        wanted = []
        for a, b in pairwise(sorted(found)):
            between = _between(frames[a + 1 : b], found[a], found[b], min_face_size)
            if between is None:
                wanted.append((a + b) // 2)
            else:
                found |= dict(enumerate(between, a + 1))
    faces_of, looks_of = zip(*(found[i] for i in range(len(frames))), strict=True)
    return list(faces_of), list(looks_of), num_detected


def _between(frames: np.ndarray, a: _Seen, b: _Seen, min_face_size: int) -> list[_Seen] | None:
    """What is in the frames between two key frames; None if these do not agree, or the pictures do not."""
    if not len(frames):
        return []
    (first, before), (last, after) = a, b
    same = _same(first, last, min_face_size)
    if same is None:
        return None
    rows, columns = same
    start, end = before, after = before[rows], after[columns]
    found: list[_Seen] = []
    for i, frame in enumerate(frames, 1):
        share = i / (len(frames) + 1)
        faces = _blend(first, rows, last, columns, share)
        picture = looks(frame, faces.boxes)
        # From frame to frame, so that no cut goes unseen; with the nearer key frame, so that a face that moves out of
        # the box and back again does not.
        if not _steady(before, picture) or not _steady(start if share < 0.5 else end, picture):
            return None
        found.append((faces, picture))
        before = picture
    return found if _steady(before, after) else None


def _same(a: Faces, b: Faces, min_face_size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Which face of the one is which of the other; None if one that is not small has no partner."""
    overlap = box_iou(a.boxes, b.boxes)
    rows, columns = linear_sum_assignment(np.where(overlap >= MIN_IOU, overlap, 0.0), maximize=True)
    near = overlap[rows, columns] >= MIN_IOU
    rows, columns = rows[near], columns[near]
    for faces, partners in ((a, rows), (b, columns)):
        side = (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1, initial=0.0)
        side[partners] = 0
        if (side >= min_face_size).any():
            return None
    return rows, columns


def _blend(a: Faces, rows: np.ndarray, b: Faces, columns: np.ndarray, share: float) -> Faces:
    """Faces on the straight way from the one to the other, of which a share has been gone."""

    def mix(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return ((1 - share) * start[rows] + share * end[columns]).astype(np.float32)

    return Faces(mix(a.boxes, b.boxes), mix(a.scores, b.scores), mix(a.landmarks, b.landmarks))


def _steady(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether every face looks as it did."""
    return bool(((before * after).sum(axis=1) >= MIN_ALIKE).all())
