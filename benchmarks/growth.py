"""Times growing amounts of work, and fits a line through the times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from deepfake.progress import Progress


@dataclass(frozen=True, slots=True)
class Line:
    """The cost of work.

    Attributes:
        slope: seconds per video.
        intercept: seconds before the first video.
    """

    slope: float
    intercept: float

    def at(self, count: float) -> float:
        return self.slope * count + self.intercept


@dataclass(frozen=True, slots=True)
class Growth:
    """How long growing numbers of videos took.

    Attributes:
        counts: (N,) numbers of videos, ascending.
        seconds: (N,) lists of times, one for every repeat, at least one.
    """

    counts: list[int]
    seconds: list[list[float]]

    @property
    def medians(self) -> list[float]:
        return [median(times) for times in self.seconds]

    @property
    def line(self) -> Line | None:
        """Return the line through the medians; None if there is only one count, or if more videos took no more time."""
        if len(self.counts) < 2:
            return None
        line = fit_line(self.counts, self.medians)
        rise = line.slope * (self.counts[-1] - self.counts[0])
        return line if rise > 1e-9 * max(self.medians) else None  # a smaller rise is rounding

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for the file of numbers; what follows from the slope is None if that is unknown."""
        line = self.line
        return {
            "counts": self.counts,
            "seconds": self.seconds,
            "medians": self.medians,
            "seconds_per_video": None if line is None else line.slope,
            "start_up_s": None if line is None else line.intercept,
            "largest_deviation": None if line is None else largest_deviation(line, self.counts, self.medians),
        }


def measure_growth(
    name: str, counts: Sequence[int], repeats: int, run: Callable[[int], float], keep: Callable[[Growth], None]
) -> None:
    """Time growing amounts of work, repeat after repeat, so that a slow minute affects all sizes.

    Args:
        name: what is timed, for the progress bar.
        counts: numbers of videos, ascending.
        repeats: number of runs of every size.
        run: index of a size -> seconds.
        keep: receives all times so far after every run, so that a failure of the next run loses nothing.
    """
    seconds: list[list[float]] = [[] for _ in counts]
    with Progress(name, "runs", repeats * len(counts)) as shown:
        for _ in range(repeats):
            for number, times in enumerate(seconds):
                times.append(run(number))
                timed = [i for i, each in enumerate(seconds) if each]
                keep(Growth([counts[i] for i in timed], [list(seconds[i]) for i in timed]))
                shown.update()


def fit_line(counts: Sequence[float], seconds: Sequence[float]) -> Line:
    """Fit a line by least squares.

    Example:
        >>> line = fit_line([2, 4, 8], [7.0, 11.0, 19.0])
        >>> round(line.slope, 6), round(line.intercept, 6)
        (2.0, 3.0)
    """
    slope, intercept = np.polyfit(counts, seconds, 1)
    return Line(float(slope), float(intercept))


def largest_deviation(line: Line, counts: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the largest deviation of a time from the line, as a fraction of the line's value.

    Example:
        >>> largest_deviation(Line(2.0, 3.0), [2, 4], [7.0, 12.1])
        0.1
    """
    return round(max(abs(time / line.at(count) - 1) for count, time in zip(counts, seconds, strict=True)), 6)
