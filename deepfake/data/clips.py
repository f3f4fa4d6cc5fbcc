"""Find the frames that make up clips, by pure index arithmetic on the store's table of crops, linear in its rows.

A clip is T frames of one track, `stride` apart, inside one run: consecutive frames of one segment, in each of which the
face was found. So a clip never jumps over a missing face, across a gap between segments, or to another person.

The rows of the table are sorted by video, track, segment and frame, so a run is a range of rows, and the frames of a
clip that starts at a row are that row and every `stride`-th row after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from deepfake.data.names import Names
from deepfake.schema import ClipSpec


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips of some videos, sorted by video, track and start. All are tensors, which processes share without copying.

    Attributes:
        video_ids: ids of V videos, including those without a clip.
        labels: (V,) float32; 0 real, 1 fake, NaN if unknown.
        methods: forgery method of each of the V videos.
        video: (N,) int32, index of the clip's video.
        track: (N,) int32.
        start: (N,) int32, the clip's first frame.
        row: (N,) int64, row of the clip's first crop in the table of crops.
    """

    video_ids: Names
    labels: Tensor
    methods: Names
    video: Tensor
    track: Tensor
    start: Tensor
    row: Tensor

    def __len__(self) -> int:
        return len(self.video)

    def counts(self) -> np.ndarray:
        """Return the number of clips of each video, (V,)."""
        return np.bincount(self.video.numpy(), minlength=len(self.video_ids))

    def frame(self, rows: np.ndarray | None = None) -> pd.DataFrame:
        """Return some clips, or all of them, as a readable table.

        Returns:
            One row per clip: `video_id`, `track`, `start`, `label`, `method`; labels are integers if all are known.
        """
        chosen = slice(None) if rows is None else torch.as_tensor(rows)
        video = self.video[chosen].numpy()
        label = self.labels.numpy()[video]
        columns = {
            "video_id": self.video_ids.take(video),
            "track": self.track[chosen].numpy().astype(np.int64),
            "start": self.start[chosen].numpy().astype(np.int64),
            "label": label.astype(np.int64) if np.isfinite(label).all() else label,
            "method": self.methods.take(video),
        }
        return pd.DataFrame(columns)


def find_clips(
    video: np.ndarray,
    columns: Mapping[str, np.ndarray],
    spec: ClipSpec,
    *,
    video_ids: Sequence[str],
    labels: np.ndarray,
    methods: Sequence[str],
    only_track: np.ndarray | None = None,
    at_most: int | None = None,
    hop: int | None = None,
) -> Clips:
    """Find the clips of some videos.

    Args:
        video: (N,) index in `video_ids` of each crop's video.
        columns: `track`, `segment`, `frame`, each (N,). Sorted by video, track, segment and frame.
        spec: gives the length and stride of a clip.
        video_ids: V ids.
        labels: (V,) 0, 1 or NaN.
        methods: V forgery methods.
        only_track: (V,) the only track to use in each video; None uses all.
        at_most: the most clips of one track, chosen evenly; None keeps all.
        hop: distance between the starts of clips, which may then overlap; None is clips that share no frame.
    """
    track, segment, frame = columns["track"], columns["segment"], columns["frame"]
    begins = is_clip_start(run_bounds(video, track, segment, frame), spec.clip_length, spec.frame_stride, hop)
    if only_track is not None:
        begins &= track == only_track[video]
    row = np.flatnonzero(begins)
    if at_most is not None:
        tracks = _bounds(len(row), _changes(video[row]), _changes(track[row]))
        row = row[spread(np.diff(tracks), at_most)]
    return Clips(
        Names(video_ids),
        torch.from_numpy(np.asarray(labels, np.float32)),
        Names(methods),
        video=torch.from_numpy(video[row].astype(np.int32)),
        track=torch.from_numpy(track[row].astype(np.int32)),
        start=torch.from_numpy(frame[row].astype(np.int32)),
        row=torch.from_numpy(row),
    )


def run_bounds(video: np.ndarray, track: np.ndarray, segment: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return the rows at which runs begin, ascending, followed by N.

    Args:
        video: (N,), as are the others. The rows are sorted by all four.

    Example:
        >>> zeros = np.zeros(5, np.int32)
        >>> run_bounds(zeros, zeros, zeros, np.array([3, 4, 5, 9, 10]))
        array([0, 3, 5])
    """
    return _bounds(len(frame), frame[1:] != frame[:-1] + 1, *map(_changes, (video, track, segment)))


def is_clip_start(bounds: np.ndarray, clip_length: int, stride: int, hop: int | None = None) -> np.ndarray:
    """Return the rows at which clips begin, when they fill each run without sharing a frame, or overlap as asked.

    Clips of stride s interleave: s of them share a range of `clip_length * s` frames.

    Args:
        bounds: bounds of the runs, as `run_bounds` returns them.
        clip_length: number of frames.
        stride: distance between two frames of a clip.
        hop: distance between two clips of a run, the first of which begins with it; None is clips that share no frame.

    Returns:
        (N,) bool.

    Example:
        >>> is_clip_start(np.array([0, 8]), clip_length=4, stride=1).nonzero()[0]
        array([0, 4])
        >>> is_clip_start(np.array([0, 8]), clip_length=4, stride=2).nonzero()[0]
        array([0, 1])
        >>> is_clip_start(np.array([0, 8]), clip_length=8, stride=2).nonzero()[0]
        array([], dtype=int64)
        >>> is_clip_start(np.array([0, 8]), clip_length=4, stride=1, hop=2).nonzero()[0]
        array([0, 2, 4])
    """
    lengths = np.diff(bounds)
    position = np.arange(bounds[-1], dtype=np.int64)
    position -= np.repeat(bounds[:-1], lengths)
    reach = (clip_length - 1) * stride + 1
    fits = position <= np.repeat(lengths - reach, lengths)
    if hop is not None:
        return fits & (position % hop == 0)
    position %= clip_length * stride
    return fits & (position < stride)


def whole_tracks(
    video: np.ndarray, columns: Mapping[str, np.ndarray], track: np.ndarray, main_share: np.ndarray
) -> np.ndarray:
    """Return for each video whether one of its tracks is present in every segment that was requested.

    Args:
        video: (N,) index of each crop's video among V, ascending.
        columns: `track` and `segment`, each (N,).
        track: (V,) the track in question.
        main_share: (V,) share of the segments that contain track 0, from which the number of segments follows.

    Returns:
        (V,) bool.

    Example:
        >>> columns = {"track": np.array([0, 0, 1, 0]), "segment": np.array([0, 1, 1, 0])}
        >>> whole_tracks(np.array([0, 0, 0, 1]), columns, np.array([1, 0]), np.array([1.0, 1.0])).tolist()
        [False, True]
    """
    if not track.any():
        return main_share == 1

    def segments(of: np.ndarray) -> np.ndarray:
        rows = columns["track"] == of[video]
        its, segment = video[rows], columns["segment"][rows]
        return np.bincount(its[_bounds(len(its), _changes(its), _changes(segment))[:-1]], minlength=len(of))

    asked_for = np.rint(segments(np.zeros_like(track)) / np.where(main_share > 0, main_share, np.inf))
    return (main_share > 0) & (segments(track) == asked_for)


def spread(sizes: np.ndarray, at_most: int) -> np.ndarray:
    """Return the positions of `at_most` items of each group, evenly spread; a smaller group keeps all items.

    Args:
        sizes: (G,) number of items in each group; the groups follow one another.
        at_most: the most items of a group.

    Returns:
        Positions in ascending order.

    Example:
        >>> spread(np.array([10, 3]), 4)
        array([ 1,  3,  6,  8, 10, 11, 12])
    """
    kept = np.minimum(sizes, at_most)
    which = np.arange(kept.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
    size = np.repeat(sizes, kept)
    thinned = np.where(size > at_most, (2 * which + 1) * size // (2 * at_most), which)
    return thinned + np.repeat(np.cumsum(sizes) - sizes, kept)


def _changes(column: np.ndarray) -> np.ndarray:
    """(N,) -> (N - 1,): whether a row differs from the previous one."""
    return column[1:] != column[:-1]


def _bounds(num_rows: int, *breaks: np.ndarray) -> np.ndarray:
    """Return the rows at which stretches begin (the first row, and each row after a break), and the number of rows."""
    begins = np.ones(num_rows, bool)
    begins[1:] = np.logical_or.reduce(breaks)
    return np.append(np.flatnonzero(begins), num_rows)
