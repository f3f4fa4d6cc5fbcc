"""Scores frame by frame: of each frame the mean of the windows that span it, from their first frame to their last."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from deepfake.calibration import combined
from deepfake.verdict.result import ClipScore, FileResult, PersonResult

BOX = ("x0", "y0", "x1", "y1")
_COLUMNS = {"file": pa.string(), "person": pa.int32(), "frame": pa.int64(), "time_s": pa.float64()}
_SCORES = {"score": pa.float64(), "num_windows": pa.int32()}
_PLACES = {**dict.fromkeys(BOX, pa.float64()), "is_cut": pa.bool_()}


def means_of_frames(
    first: np.ndarray, last: np.ndarray, scores: np.ndarray, num_frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean score of the windows that span each frame, and how many these are.

    Args:
        first: (N,) number of each window's first frame.
        last: (N,) of its last frame.
        scores: (N,).
        num_frames: F.

    Returns:
        (F,), NaN where no window is; and (F,) int64.

    Example:
        >>> mean, number = means_of_frames(np.array([0, 1]), np.array([1, 2]), np.array([0.5, 1.0]), 4)
        >>> mean.tolist(), number.tolist()
        ([0.5, 0.75, 1.0, nan], [1, 2, 1, 0])
    """
    total, number = np.zeros(num_frames), np.zeros(num_frames, np.int64)
    for step in range(int((last - first).max()) + 1 if len(first) else 0):  # sums of few numbers, so nothing cancels
        reached = first + step <= last
        np.add.at(total, first[reached] + step, scores[reached])
        np.add.at(number, first[reached] + step, 1)
    return np.divide(total, number, out=np.full(num_frames, np.nan), where=number > 0), number


def bounds_of(clips: Sequence[ClipScore]) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the first and of the last frame of each clip, (N,) each."""
    return np.array([clip.start_frame for clip in clips], int), np.array([clip.end_frame for clip in clips], int)


def schema_of_frames(columns: Sequence[str]) -> pa.Schema:
    """Return the schema of the table of frames; `columns` are those of the scores of several detectors."""
    return pa.schema({**_COLUMNS, **_SCORES, **_PLACES, **dict.fromkeys(columns, pa.float64())})


def tables_of_frames(result: FileResult, columns: Sequence[str], weights: Sequence[float]) -> Iterator[pa.Table]:
    """Yield a table for each person with a score: a row for every frame of the file.

    Args:
        result: the file's result, with the scores of overlapping windows.
        columns: those of the scores of several detectors; empty for one alone.
        weights: of several detectors, by which their scores of a frame are combined as those of a person are.
    """
    cuts = None
    if result.cuts is not None:
        cuts = np.zeros(result.num_frames, bool)
        cuts[[cut.frame for cut in result.cuts]] = True
    frame = np.arange(result.num_frames)
    for person in result.persons:
        if not any(_counts(person)):
            continue
        of_frames = frame_scores(person, result.num_frames, weights)
        values: dict[str, Any] = {
            "file": pa.repeat(result.path, len(frame)),
            "person": pa.repeat(pa.scalar(person.person, pa.int32()), len(frame)),
            "frame": frame,
            "time_s": (frame / result.fps).round(3) if result.fps else np.zeros(len(frame)),
            "score": of_frames.score,
            "num_windows": of_frames.num_windows.astype(np.int32),
            "is_cut": pa.nulls(len(frame), pa.bool_()) if cuts is None else cuts,
            **dict(zip(BOX, of_frames.boxes.T, strict=True)),
            **(dict(zip(columns, of_frames.own, strict=True)) if columns else {}),
        }
        schema = schema_of_frames(columns)
        arrays = {name: _array(values[name], schema.field(name).type) for name in schema.names}
        yield pa.Table.from_arrays([*arrays.values()], schema=schema)


def _array(values: pa.Array | np.ndarray, kind: pa.DataType) -> pa.Array:
    """Return a column in which what is NaN is empty."""
    return values if isinstance(values, pa.Array) else pa.array(values, kind, from_pandas=True)


class FrameScores(NamedTuple):
    """What is said of a person in each of F frames.

    Attributes:
        score: (F,) the detector's own, or the combined one of several; NaN where a detector has none.
        own: (F,) of each detector.
        num_windows: (F,) those that span the frame, of all detectors.
        boxes: (F, 4), NaN where no window is.
    """

    score: np.ndarray
    own: list[np.ndarray]
    num_windows: np.ndarray
    boxes: np.ndarray


def frame_scores(person: PersonResult, num_frames: int, weights: Sequence[float] = ()) -> FrameScores:
    """Return what is said of a person frame by frame; what counts for nothing is left out.

    Args:
        person: the person.
        num_frames: F, at least as many as the clips reach to.
        weights: of several detectors, by which their scores of a frame are combined as those of a person are.
    """
    counts = _counts(person)
    first, last = bounds_of(person.clips)
    given = [clip.scores or (clip.score,) for clip in person.clips]
    scores = np.array(given, float).reshape(len(first), len(counts))  # None becomes NaN
    own, number = [], np.zeros(num_frames, np.int64)
    for its, does in zip(scores.T, counts, strict=True):
        has = ~np.isnan(its) & does
        mean, windows = means_of_frames(first[has], last[has], its[has], num_frames)
        own.append(mean)
        number += windows
    score = combined(np.column_stack(own), weights) if person.detectors else own[0]
    return FrameScores(score, own, number, _boxes(person, num_frames))


def _counts(person: PersonResult) -> list[bool]:
    """Return whether what each detector says of a person counts."""
    return [each.because is None for each in person.detectors or [person]]


def _boxes(person: PersonResult, num_frames: int) -> np.ndarray:
    """Return the box in each frame, (F, 4), NaN where no clip spans it.

    In a segment a face has one box, unless a cut lies in it. A clip's is that of its middle frame, so a frame has that
    of the last clip whose middle has come, or of the first one where none has.
    """
    boxes, middles = np.full((num_frames, 4), np.nan), [(c.start_frame + c.end_frame + 1) // 2 for c in person.clips]
    for clip, middle in zip(person.clips, middles, strict=True):
        boxes[middle : clip.end_frame + 1] = clip.box
    for clip, middle in zip(reversed(person.clips), reversed(middles), strict=True):
        before = boxes[clip.start_frame : middle]
        before[np.isnan(before[:, 0])] = clip.box
    return boxes
