"""What a fake's real video says of its faces: where they are, and which of them was changed. Pure: numbers in and out.

A fake is made frame by frame from a real video, so the faces are at the same places of the same frames, unless the
forger dropped frames or changed their size: of eleven pairs of Celeb-DF the boxes agree to an IoU of 0.91 or better in
ten; in the eleventh the fake has 438 frames, the real 472, and the IoU falls to 0.42.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from deepfake.faces.tracker import box_iou
from deepfake.schema import FaceTrack
from deepfake.store import FACE, LANDMARKS

MAX_SIZE_DIFFERENCE = 4  # pixels a side, as when an encoder wants a multiple of 2 or 4
MIN_IOU = 0.7  # between 0.42 (other frames) and 0.91 (the same); leaves room for a face that moves within its segment
CLEARLY = 1.5  # the difference of the changed face, as a multiple of any other's, which is the encoder's noise


def aligned(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    """Whether two videos can be compared frame by frame and pixel by pixel.

    Boxes are not scaled where the sizes differ by the few pixels that are allowed: whether these were cut off, added
    or squeezed in is not known, and none of it moves a box by more than these pixels.

    Args:
        a: number of frames, height, width.
        b: the same of the other.

    Example:
        >>> aligned((472, 500, 942), (472, 500, 944)), aligned((472, 500, 942), (438, 500, 942))
        (True, False)
    """
    return a[0] == b[0] and all(abs(x - y) <= MAX_SIZE_DIFFERENCE for x, y in zip(a[1:], b[1:], strict=True))


def tracks_of(crops: pd.DataFrame) -> list[FaceTrack]:
    """The tracks of a stored video, each box the smoothed one of its segment.

    Args:
        crops: of one video, as in the face store.
    """
    tracks = []
    for _, rows in crops.sort_values(["track", "frame"]).groupby("track", sort=True):
        x, y, width, height = rows[FACE].to_numpy(np.float64).T
        boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
        landmarks = rows[LANDMARKS].to_numpy(np.float32).reshape(-1, 5, 2)
        scores = rows["score"].to_numpy(np.float32)
        tracks.append(FaceTrack(rows["frame"].to_numpy(np.int64), boxes.astype(np.float32), scores, landmarks))
    return tracks


def partners(tracks: Sequence[FaceTrack], reals: Sequence[FaceTrack]) -> dict[int, int]:
    """Which track of the real each track of the fake is: track -> real's track, one to one, by the overlap of boxes.

    A track whose mean IoU over the frames of both is below `MIN_IOU` has no partner.
    """
    overlap = np.array([[_overlap(track, real) for real in reals] for track in tracks]).reshape(len(tracks), len(reals))
    pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
    return {int(i): int(j) for i, j in pairs if overlap[i, j] >= MIN_IOU}


def changed_track(differences: Mapping[int, float]) -> int | None:
    """The track that was forged: the one that differs clearly more from the real than every other; None if none does.

    Args:
        differences: track -> mean absolute difference of its pixels to those of the real at the same place.

    Example:
        >>> changed_track({0: 2.1, 1: 9.5}), changed_track({0: 8.0, 1: 9.5}), changed_track({1: 9.5})
        (1, None, None)
    """
    ranked = sorted(differences, key=lambda track: differences[track], reverse=True)
    if len(ranked) < 2 or differences[ranked[0]] < CLEARLY * differences[ranked[1]]:
        return None
    return ranked[0]


def _overlap(a: FaceTrack, b: FaceTrack) -> float:
    """Mean IoU over the frames that both tracks have; 0 if there are none."""
    _, i, j = np.intersect1d(a.frames, b.frames, return_indices=True)
    return float(np.mean([box_iou(a.boxes[[m]], b.boxes[[n]]) for m, n in zip(i, j, strict=True)])) if len(i) else 0.0
