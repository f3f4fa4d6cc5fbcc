"""What stands beside the columns: the AUC of all videos together, and the mean of the columns' AUCs."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from deepfake.metrics import Estimate, Method
from deepfake.report.matrix.cells import Cell


def pooled(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the videos of several columns as one table; videos and people of two columns are different ones.

    Args:
        frames: of each column the videos that one run scored.
    """
    parts = []
    for place, frame in enumerate(frames):
        person = frame["person"] if "person" in frame else pd.Series("", frame.index)
        parts.append(
            pd.DataFrame(
                {
                    "video_id": f"{place} " + frame["video_id"].astype(str),
                    "label": frame["label"],
                    "score": frame["score"],
                    "person": (f"{place} " + person.astype(str)).where(person != "", ""),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def mean_over(cells: Sequence[Cell]) -> Cell:
    """Return the mean of the AUCs of columns with different videos, and its interval.

    The distances of the cells' own ends from their values are added as the roots of sums of squares. On equal, small
    standard errors that is the interval by the variance of a mean of independent numbers, and it keeps what the cells'
    intervals know of AUCs near 1.

    Args:
        cells: at least one.

    Source: G. Zou and A. Donner, Construction of confidence limits about effect measures: a general approach,
        Statistics in Medicine 27, 2008 (MOVER, the method of variance estimates recovery).

    Example:
        >>> ends = (0.8, 0.7, 0.9), (0.6, 0.5, 0.7)
        >>> found = mean_over([Cell(Estimate(*each, Method.DELONG, ""), 1) for each in ends]).estimate
        >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
        (0.7, 0.629, 0.771)
    """
    value, low, high = np.array([[c.estimate.value, c.estimate.low, c.estimate.high] for c in cells]).T
    mean = float(value.mean())
    below, above = (math.sqrt(float((gap**2).sum())) / len(cells) for gap in (value - low, high - value))
    note = "" if not math.isnan(below) or math.isnan(mean) else "a column has no interval, so their mean has none"
    ends = (math.nan, math.nan) if math.isnan(below) else (mean - below, mean + above)
    method = Method.NONE if math.isnan(below) else cells[0].estimate.method
    counts = sum(cell.num_real for cell in cells), sum(cell.num_fake for cell in cells)
    runs = min(cell.num_runs for cell in cells)
    return Cell(Estimate(mean, *ends, method, note), runs, math.nan, *counts, num_columns=len(cells))
