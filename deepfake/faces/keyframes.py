"""Detect few, track between: faces are detected in some frames of a segment and interpolated where these agree.

The first key frames are `every` frames apart, each in the middle of its stretch. Two neighbours agree if each face of
the one is a face of the other, by overlap, and the boxes in a straight line between them hold the same picture in every
frame between. Where they do not agree the frame in the middle becomes a key frame, until they do or are neighbours: a
cut, a face that comes or goes and a fast move are followed frame by frame, and the rest of the segment is not.

In front of the first key frame and behind the last, faces stay where they are, if their boxes go on to hold the same
picture and nothing as large as a face changes elsewhere; if not, the outermost frame becomes a key frame too.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.finders import Faces, Finder
from deepfake.faces.looks import looks
from deepfake.faces.tracker import MIN_ALIKE
from deepfake.faces.tracklet import box_iou

_Seen = tuple[Faces, np.ndarray]  # the faces of a frame, and how they look

MIN_IOU = 0.5  # a face that moved further did not move in a straight line, for all that is known
NEW_CELLS = 4  # a side of a square of cells as large as the smallest face that counts
NEW_LEVELS = 40  # grey levels by which a cell changes where something comes or goes; light and noise change it by less
NEW_SHARE = 0.5  # of such a square


def detect(
    frames: np.ndarray, finder: Finder, *, every: int, min_score: float, min_face_size: int
) -> tuple[list[Faces], list[np.ndarray], int]:
    """Find the faces of every frame of a segment.

    Args:
        frames: (T, H, W, 3) uint8 RGB, consecutive.
        finder: is shown as few frames as will do.
        every: distance of the first key frames, which lie in the middle of as many frames; 1 detects in every frame.
        min_score: detections below are no faces.
        min_face_size: key frames may disagree on faces that are smaller, in pixels.

    Returns:
        The faces of each frame, how they look (see `looks`), and the number of frames that the finder saw.
    """
    found: dict[int, _Seen] = {}
    num_detected = 0
    last = len(frames) - 1
    wanted = sorted({min(start + every // 2, last) for start in range(0, len(frames), every)})
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
        for end, outwards in ((0, range(min(found), -1, -1)), (last, range(max(found), last + 1))):
            if end not in found:
                held = _held(frames, outwards, found[outwards[0]], min_face_size)
                if held is None:
                    wanted.append(end)
                else:
                    found |= dict(zip(outwards[1:], held, strict=True))
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


def _held(frames: np.ndarray, outwards: range, key: _Seen, min_face_size: int) -> list[_Seen] | None:
    """What is in the frames on one side of a key frame, the nearest first, if the faces stay; None if they do not.

    Args:
        frames: (T, H, W, 3), the segment.
        outwards: the key frame, and from it to the end of the segment.
        key: what is in the key frame.
        min_face_size: what comes or goes and is smaller, in pixels, does not count.
    """
    faces, start = key
    found, before = list[_Seen](), start
    for i in outwards[1:]:
        picture = looks(frames[i], faces.boxes)
        if not _steady(before, picture) or not _steady(start, picture):
            return None
        found.append((faces, picture))
        before = picture
    return None if _something_new(frames[outwards[0]], frames[outwards[-1]], faces.boxes, min_face_size) else found


def _something_new(before: np.ndarray, after: np.ndarray, known: np.ndarray, min_face_size: int) -> bool:
    """Whether something as large as a face changes between two frames, beside the known boxes (N, 4)."""
    cell = max(1, min_face_size // NEW_CELLS)
    step = max(1, cell // 4)  # a few pixels stand for a cell
    cell -= cell % step
    height, width = (side // cell for side in before.shape[:2])
    if min(height, width) < NEW_CELLS:
        return True  # a frame hardly larger than a face: nothing is saved
    small = [frame[: height * cell : step, : width * cell : step].mean(-1) for frame in (before, after)]
    change = np.abs(small[0] - small[1]).reshape(height, cell // step, width, cell // step).mean(axis=(1, 3))
    for x0, y0, x1, y1 in known / cell:
        change[max(0, int(y0)) : max(0, int(np.ceil(y1))), max(0, int(x0)) : max(0, int(np.ceil(x1)))] = 0
    changed = np.lib.stride_tricks.sliding_window_view(change > NEW_LEVELS, (NEW_CELLS, NEW_CELLS))
    return bool((changed.mean(axis=(2, 3)) >= NEW_SHARE).any())


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
