"""Which frames make a clip. Pure index arithmetic over the store's table of crops.

A clip is T frames of one track, `stride` apart, inside one run: consecutive frames of one segment in which the face was
found in each. So it never jumps over a missing face, a gap between segments, or to another person.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from deepfake.schema import ClipSpec


def runs(frames: Sequence[int] | np.ndarray) -> list[range]:
    """Stretches of consecutive frames.

    Args:
        frames: indices, ascending, without repeats.

    Example:
        >>> runs([3, 4, 5, 9, 10])
        [range(3, 6), range(9, 11)]
    """
    array = np.asarray(frames, dtype=np.int64)
    if len(array) == 0:
        return []
    return [range(int(run[0]), int(run[-1]) + 1) for run in np.split(array, np.flatnonzero(np.diff(array) != 1) + 1)]


def clip_starts(run: range, clip_length: int, stride: int) -> list[int]:
    """First frames of the clips that fill a run without sharing a frame.

    Clips of stride s interleave: s of them share a stretch of `clip_length * s` frames.

    Example:
        >>> clip_starts(range(10, 18), clip_length=1, stride=1)
        [10, 11, 12, 13, 14, 15, 16, 17]
        >>> clip_starts(range(10, 18), clip_length=4, stride=1)
        [10, 14]
        >>> clip_starts(range(10, 18), clip_length=4, stride=2)
        [10, 11]
        >>> clip_starts(range(10, 18), clip_length=8, stride=2)
        []
    """
    reach = (clip_length - 1) * stride + 1
    return [
        block + phase
        for block in range(run.start, run.stop, clip_length * stride)
        for phase in range(stride)
        if block + phase + reach <= run.stop
    ]


def spread(count: int, at_most: int | None) -> np.ndarray:
    """Positions of `at_most` items out of `count`, evenly spread.

    Example:
        >>> spread(10, 4)
        array([1, 3, 6, 8])
        >>> spread(3, 4)
        array([0, 1, 2])
    """
    if at_most is None or count <= at_most:
        return np.arange(count)
    return ((np.arange(at_most) * 2 + 1) * count) // (2 * at_most)


def clip_table(
    crops: pd.DataFrame,
    spec: ClipSpec,
    *,
    main_track: bool,
    main_of: Mapping[str, int] = MappingProxyType({}),
    at_most: int | None = None,
) -> pd.DataFrame:
    """Every clip of the given crops.

    Args:
        crops: `video_id`, `track`, `segment`, `frame` of each crop, as in the face store.
        spec: length and stride of a clip.
        main_track: of each video only the main face: track 0, the one that is largest for longest, but for `main_of`.
        main_of: video_id -> the track that is its main face instead.
        at_most: clips of a track; more are thinned out evenly.

    Returns:
        `video_id`, `track`, `start` (its first frame), one row a clip, by video, track and start.
    """
    if main_track:
        crops = crops[crops["track"] == crops["video_id"].map(main_of).fillna(0)]
    rows: list[tuple[str, int, int]] = []
    for (video_id, track), faces in crops.sort_values("frame").groupby(["video_id", "track"], sort=True):
        starts = [
            start
            for _, inside in faces.groupby("segment", sort=True)
            for run in runs(inside["frame"].to_numpy())
            for start in clip_starts(run, spec.clip_length, spec.frame_stride)
        ]
        rows += [(video_id, track, starts[i]) for i in spread(len(starts), at_most)]
    return pd.DataFrame(rows, columns=["video_id", "track", "start"])
