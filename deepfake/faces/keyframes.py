"""Detect faces in a few key frames of a segment and interpolate between key frames that agree.

The first key frames are `every` frames apart, each in the middle of its stretch. Two neighbouring key frames agree if
each face of one overlaps a face of the other, and the boxes on a straight line between them show the same picture in
every frame between. If they do not agree, the frame in the middle becomes a key frame, until all neighbours agree or
are adjacent. So a cut, a face that comes or goes and a fast move are followed frame by frame; the rest is not.

Before the first key frame and after the last, faces stay where they are as long as their boxes show the same picture
and nothing as large as a face changes elsewhere; otherwise the outermost frame becomes a key frame too.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from deepfake.faces.finders import Faces, Finder
from deepfake.faces.looks import looks
from deepfake.faces.tracker import MIN_ALIKE
from deepfake.faces.tracklet import box_iou

_Seen = tuple[Faces, np.ndarray]  # the faces of a frame, and how they look

MIN_IOU = 0.5  # a face that moved further may not have moved in a straight line
NEW_CELLS = 4  # cells along a side of a square as large as the smallest face that counts
NEW_LEVELS = 40  # grey levels by which a cell changes where something comes or goes; light and noise cause less
NEW_SHARE = 0.5  # share of the cells of such a square


def detect(
    frames: np.ndarray, finder: Finder, *, every: int, min_score: float, min_face_size: int
) -> tuple[list[Faces], list[np.ndarray], int]:
    """Find the faces of every frame of a segment.

    Args:
        frames: (T, H, W, 3) uint8 RGB, consecutive.
        finder: sees as few frames as possible.
        every: distance of the first key frames, each in the middle of that many frames; 1 detects in every frame.
        min_score: detections below it are dropped.
        min_face_size: in pixels; key frames may disagree on smaller faces.

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
    """Interpolate the faces between two key frames; None if the faces or the pictures do not agree."""
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
        # The frame before shows a cut; the nearer key frame shows a face that left its box and came back.
        if not _steady(before, picture) or not _steady(start if share < 0.5 else end, picture):
            return None
        found.append((faces, picture))
        before = picture
    return found if _steady(before, after) else None


def _held(frames: np.ndarray, outwards: range, key: _Seen, min_face_size: int) -> list[_Seen] | None:
    """Keep the faces of a key frame up to one end of the segment, nearest frame first; None if they do not stay.

    Args:
        frames: (T, H, W, 3), the segment.
        outwards: indices from the key frame to the end of the segment.
        key: what is in the key frame.
        min_face_size: in pixels; anything smaller may come or go.
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
    """Whether something as large as a face changes between two frames, outside the known boxes (N, 4)."""
    cell = max(1, min_face_size // NEW_CELLS)
    step = max(1, cell // 4)  # sample a few pixels of each cell
    cell -= cell % step
    height, width = (side // cell for side in before.shape[:2])
    if min(height, width) < NEW_CELLS:
        return True  # the frame is hardly larger than a face, so there is nothing to save
    small = [_grey(frame[: height * cell : step, : width * cell : step]) for frame in (before, after)]
    change = np.abs(small[0] - small[1]).reshape(height, cell // step, width, cell // step).mean(axis=(1, 3))
    for x0, y0, x1, y1 in known / cell:
        change[max(0, int(y0)) : max(0, int(np.ceil(y1))), max(0, int(x0)) : max(0, int(np.ceil(x1)))] = 0
    changed = np.lib.stride_tricks.sliding_window_view(change > NEW_LEVELS, (NEW_CELLS, NEW_CELLS))
    return bool((changed.mean(axis=(2, 3)) >= NEW_SHARE).any())


def _grey(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) float64, the mean of the channels; a fifth of the time of `mean(-1)`."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    return (red.astype(np.uint16) + green + blue) / 3


def _same(a: Faces, b: Faces, min_face_size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Match the faces of two frames; None if a face that is not small has no partner."""
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
    """Interpolate matched faces linearly, where `share` is how far `b` has been reached from `a`."""

    def mix(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return ((1 - share) * start[rows] + share * end[columns]).astype(np.float32)

    return Faces(mix(a.boxes, b.boxes), mix(a.scores, b.scores), mix(a.landmarks, b.landmarks))


def _steady(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether every face still looks the same."""
    return bool(((before * after).sum(axis=1) >= MIN_ALIKE).all())
