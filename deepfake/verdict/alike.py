"""Which tracks of a file may be pieces of one person: they look alike and are never seen in one frame.

Extraction makes two tracks of whom it cannot be sure of, as after a cut to another place. It sees whole frames; here
stored crops are left, which by the usual margin show the face and most of the hair, but no clothes. `likeness` leaves
out what they do not show. A group is one in which every pair is alike (complete linkage), as likeness is not handed on.

It decides what is listed together, and nothing else: every track keeps its score.

Of 100 pairs so many reach a likeness, of the same person and of two (2026-11-28): tracks of at most 24 frames a second
or more apart in the two real clips of `looks` (22 and 28 pairs of the same, 287 and 304 of two); and 14 drawn people at
four places in four rooms, with heads turned by up to 0.3, in steady light and under the demo's lamp (84, 1456):

| likeness | street | stage and audience, dark | drawn, steady light | drawn, swinging lamp |
|---|---|---|---|---|
| 0.80 | 86, 5.2 | 89, 3.9 | 92, 4.3 | 94, 7.4 |
| 0.82 | 86, 0.3 | 68, 0.7 | 87, 3.1 | 86, 5.5 |
| 0.84 | 68, 0 | 61, 0 | 77, 2.2 | 73, 3.8 |
| 0.86 | 59, 0 | 54, 0 | 70, 1.8 | 64, 2.4 |
| 0.88 | 45, 0 | 46, 0 | 60, 1.1 | 56, 1.7 |

Left out are four tracks of the real clips of which the eye cannot say who they are. By whole tracks, those included,
two people there reach 0.84 at most. Three people there whom extraction followed in two pieces each (one over a cut to
another camera, two of whom something is before the face) reach 0.81, 0.83 and 0.73, and so stay two.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from deepfake.data.clips import spread
from deepfake.faces.looks import Appearance, appearance, likeness, looks
from deepfake.schema import VideoRow
from deepfake.store import FACE, PLACE, SQUARE, FaceStore, Stored, decode
from deepfake.verdict.result import FileResult

ALIKE = 0.86  # likeness that every pair of a group has
_COMPARED = 8  # crops of a track, evenly spread; by 3, only 18 and 43 of the same person reach 0.86 in the real clips
_MOST = 100  # tracks of a file, the largest; 1.4 s of a CPU
_COLOURLESS = 8  # mean difference of a crop's colour channels, of 255; the darkest real faces have 12
_NEVER = -1.0  # likeness of two who are not to be grouped


def listed(result: FileResult, stored: Stored, store: FaceStore) -> FileResult:
    """Return a result whose persons say whom they look like.

    Args:
        result: of a file; its persons are the tracks that the store holds, in their order.
        stored: what the store holds of the file.
        store: it still has the crops.
    """
    if len(result.persons) < 2:
        return result
    tracks = [rows for _, rows in stored.crops.groupby("track")][:_MOST]
    apart = never_together([rows["frame"].to_numpy() for rows in tracks])
    seen = {int(i): _seen(tracks[i], stored.row, store) for i in np.flatnonzero(apart.any(0))}
    alike = np.full(apart.shape, _NEVER)
    for i, j in np.argwhere(np.triu(apart)).tolist():
        one, other = seen[i], seen[j]
        if one is not None and other is not None:
            alike[i, j] = alike[j, i] = likeness(one, other)
    persons = list(result.persons)
    for place, head in enumerate(grouped(alike)):
        if head != place:
            persons[place] = replace(persons[place], looks_like=persons[head].person)
    return replace(result, persons=tuple(persons))


def never_together(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Return which tracks have no frame in common, (N, N) bool, given the numbers of the frames of each.

    Example:
        >>> never_together([np.array([1, 2]), np.array([2, 3]), np.array([3])]).tolist()
        [[False, False, True], [False, False, False], [True, False, False]]
    """
    every = np.unique(np.concatenate(frames))
    present = np.stack([np.isin(every, each) for each in frames]).astype(np.float32)
    return present @ present.T == 0


def grouped(alike: np.ndarray) -> list[int]:
    """Group what is alike, so that every pair of a group is.

    Args:
        alike: (N, N), N > 1, the likeness of each pair; below `ALIKE` for two who are not to be grouped.

    Returns:
        The first of each one's group.

    Example:
        >>> grouped(np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]]))  # the last two are not alike
        [0, 0, 2]
    """
    distance = np.maximum(1 - alike, 0)  # rounded, the likeness of equal pictures may be above 1
    tree = linkage(squareform(distance, checks=False), "complete")
    group = fcluster(tree, 1 - ALIKE, "distance")
    return [int(np.argmax(group == each)) for each in group]


def _seen(rows: pd.DataFrame, row: VideoRow, store: FaceStore) -> Appearance | None:
    """Describe a track; None if no crop shows enough of it to tell people apart."""
    some = rows.iloc[spread(np.array([len(rows)]), _COMPARED)]
    images = map(decode, store.read_images(row.video_id, *(some[name].to_numpy() for name in PLACE)))
    squares, faces = (some[names].to_numpy(np.float64) for names in (SQUARE, FACE))
    return described(list(images), squares, faces, (row.height, row.width))


def described(
    images: Sequence[np.ndarray], squares: np.ndarray, faces: np.ndarray, size: tuple[int, int]
) -> Appearance | None:
    """Describe how a person looks in some crops.

    Crops that hold hardly any colour, or little of face or hair, are left out: by the rest too many people are alike.

    Args:
        images: N crops (S, S, 3) uint8 RGB.
        squares: (N, 3) `SQUARE` of each, in pixels of the frame.
        faces: (N, 4) `FACE` of each.
        size: height and width of the frames, beyond which crops repeat the border.

    Returns:
        The appearance in the crops that are left; None if none is.
    """
    cuts, boxes = [], []
    for image, (x, y, side), (centre_x, centre_y, width, height) in zip(images, squares, faces, strict=True):
        scale, (left, top) = len(image) / side, np.maximum((-x, -y), 0)
        inside = np.array([left, top, min(side, size[1] - x), min(side, size[0] - y)])
        x0, y0, x1, y1 = np.rint(inside * scale).astype(int)
        cut = np.ascontiguousarray(image[y0:y1, x0:x1])
        if cut.size and np.ptp(cut[::4, ::4], axis=-1).mean() >= _COLOURLESS:
            cuts.append(cut)
            corners = [centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2]
            boxes.append((np.array(corners) - [x, y, x, y]) * scale - [x0, y0, x0, y0])
    if not cuts:
        return None
    grey = np.stack([looks(cut, box[None])[0] for cut, box in zip(cuts, boxes, strict=True)])
    found = appearance(cuts, np.array(boxes), grey)
    hair_and_face = found.colours[:, :2].any(-1).all(-1)
    return Appearance(grey[hair_and_face], found.colours[hair_and_face]) if hair_and_face.any() else None
