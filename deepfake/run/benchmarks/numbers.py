"""The arithmetic of the benchmarks: a line through times, and which of one finder's faces another finds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from deepfake.errors import ConfigError
from deepfake.faces.tracklet import box_iou

Boxes = Mapping[tuple[str, int], np.ndarray]  # (video_id, frame) -> (N, 4) x0, y0, x1, y1 in pixels of the frame


@dataclass(frozen=True, slots=True)
class Line:
    """What work costs.

    Attributes:
        slope: seconds a video.
        intercept: seconds before the first.
    """

    slope: float
    intercept: float

    def at(self, count: float) -> float:
        return self.slope * count + self.intercept


@dataclass(frozen=True, slots=True)
class Growth:
    """How long growing numbers of videos took.

    Attributes:
        counts: (N,) numbers of videos, ascending, at least two.
        seconds: (N,) lists, a time for every repeat.
    """

    counts: list[int]
    seconds: list[list[float]]

    @property
    def medians(self) -> list[float]:
        return [median(times) for times in self.seconds]

    @property
    def line(self) -> Line:
        """Through the medians.

        Raises:
            ConfigError: more videos took no more time, so that there is nothing to divide by.
        """
        line = fit_line(self.counts, self.medians)
        if line.slope <= 0:
            raise ConfigError(
                f"{self.counts} videos took {self.medians} s: too little work to be timed; raise num_videos or repeats"
            )
        return line

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for the file of numbers."""
        return {
            "counts": self.counts,
            "seconds": self.seconds,
            "medians": self.medians,
            "seconds_per_video": self.line.slope,
            "start_up_s": self.line.intercept,
            "largest_deviation": largest_deviation(self.line, self.counts, self.medians),
        }


def fit_line(counts: Sequence[float], seconds: Sequence[float]) -> Line:
    """The line of least squares.

    Example:
        >>> line = fit_line([2, 4, 8], [7.0, 11.0, 19.0])
        >>> round(line.slope, 6), round(line.intercept, 6)
        (2.0, 3.0)
    """
    slope, intercept = np.polyfit(counts, seconds, 1)
    return Line(float(slope), float(intercept))


def largest_deviation(line: Line, counts: Sequence[float], seconds: Sequence[float]) -> float:
    """How far a time lies from the line, at most, as a fraction of what the line says.

    Example:
        >>> largest_deviation(Line(2.0, 3.0), [2, 4], [7.0, 12.1])
        0.1
    """
    return round(max(abs(time / line.at(count) - 1) for count, time in zip(counts, seconds, strict=True)), 6)


def count_boxes(boxes: Boxes) -> int:
    return sum(map(len, boxes.values()))


def share_found(wanted: Boxes, found: Boxes, min_iou: float = 0.5) -> float | None:
    """The share of the wanted boxes that some box found in the same frame overlaps by `min_iou`.

    Returns:
        In [0, 1]; None if none is wanted.

    Example:
        >>> box = np.array([[0, 0, 10, 10]])
        >>> share_found({("a", 0): box, ("a", 1): box}, {("a", 0): box + 2, ("a", 1): box + 5, ("b", 1): box})
        0.0
        >>> share_found({("a", 0): box, ("a", 1): box}, {("a", 0): box + 1, ("a", 1): box + 5})
        0.5
    """
    hits = sum(
        int((box_iou(boxes, found[key]).max(axis=1) >= min_iou).sum())
        for key, boxes in wanted.items()
        if len(boxes) and len(found.get(key, ()))
    )
    total = count_boxes(wanted)
    return hits / total if total else None
