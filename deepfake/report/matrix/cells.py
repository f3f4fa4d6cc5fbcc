"""The cells of one column of the matrix: the AUC of each row with its interval, and which of them are the best."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from deepfake.metrics import Estimate, MeanAucs, Method, holm
from deepfake.report.independent import resampled

LEVEL = 0.05  # of the tests
_NO_SCORES = "its folder has no scores of videos, so it has no interval"
_OTHER_VIDEOS = "its runs have scores of different videos, so their mean has no interval"


@dataclass(frozen=True, slots=True)
class Cell:
    """What the runs of one row reach in one column.

    Attributes:
        estimate: the AUC of videos with its 95 % interval; of several runs, by seeds, that of their mean.
        num_runs: how many runs were tested.
        sd: standard deviation over the runs; NaN for one.
        num_real: scored reals.
        num_fake: scored fakes.
        best: whether it is the highest of a column whose rows were compared.
        near: whether it is not significantly worse than the best.
        p_holm: of the paired test against the best, by Holm's correction over the column; NaN if there is none.
        marks: letters of footnotes.
        num_columns: of a mean, over how many columns it is.
    """

    estimate: Estimate
    num_runs: int
    sd: float = math.nan
    num_real: int = 0
    num_fake: int = 0
    best: bool = False
    near: bool = False
    p_holm: float = math.nan
    marks: tuple[str, ...] = ()
    num_columns: int = 0


def column_cells(frames: Sequence[Sequence[pd.DataFrame]]) -> tuple[list[Cell | None], str]:
    """Measure the rows of one column, and compare each with the best on the same videos.

    The test is DeLong's, or a paired bootstrap where people are known whose videos are not independent; see
    `deepfake.metrics.MeanAucs`.

    Args:
        frames: for each row, of each of its runs the videos: `video_id`, `label`, `score`, and `person` if it is known.

    Returns:
        A cell for each row, None where nothing was tested; and why no cell is marked, which is empty if rows were
        compared, or if there is but one.
    """
    there = [i for i, own in enumerate(frames) if own]
    cells: list[Cell | None] = [None] * len(frames)
    tables = [frame for i in there for frame in frames[i]]
    if not same_videos(tables):
        for i in there:
            cells[i] = _alone(frames[i])
        return cells, "rows have scores of different videos" if len(there) > 1 else ""
    ends = np.cumsum([0, *(len(frames[i]) for i in there)])
    members = {i: range(ends[place], ends[place + 1]) for place, i in enumerate(there)}
    areas = mean_aucs(tables)
    for i in there:
        cells[i] = _cell(areas, members[i], tables[0])
    return _compared(cells, areas, members)


def same_videos(tables: Sequence[pd.DataFrame]) -> bool:
    """Return whether all tables have the same ids with the same labels; their order does not matter."""
    first, *rest = ([*zip(*_sorted(table)[["video_id", "label"]].to_numpy().T, strict=True)] for table in tables)
    return all(each == first for each in rest)


def mean_aucs(tables: Sequence[pd.DataFrame]) -> MeanAucs:
    """Return the AUCs of detectors on the same videos; people are those of the first table that knows them."""
    tables = [_sorted(table) for table in tables]
    clusters, by = next((found for table in tables if (found := resampled(table))[1] != "videos"), (None, "videos"))
    scores = [table["score"].to_numpy(np.float64) for table in tables]
    return MeanAucs(scores, tables[0]["label"].to_numpy(), None if by == "videos" else clusters)


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("video_id", kind="stable")


def _cell(areas: MeanAucs, members: Sequence[int], table: pd.DataFrame) -> Cell:
    values = areas.values[list(members)]
    sd = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    fakes = int((table["label"] == 1).sum())
    return Cell(areas.estimate(members), len(values), sd, len(table) - fakes, fakes)


def _alone(frames: Sequence[pd.DataFrame]) -> Cell:
    """Return the cell of runs that cannot be compared with other rows, and maybe not with one another."""
    if same_videos(frames):
        return _cell(mean_aucs(frames), range(len(frames)), frames[0])
    each = [_cell(mean_aucs([frame]), [0], frame) for frame in frames]
    values = np.array([cell.estimate.value for cell in each])
    found = Estimate(float(values.mean()), math.nan, math.nan, Method.NONE, _OTHER_VIDEOS)
    fewest = min(each, key=lambda cell: cell.num_real + cell.num_fake)
    return replace(fewest, estimate=found, num_runs=len(each), sd=float(values.std(ddof=1)))


def without_scores(aucs: Sequence[float | None]) -> Cell:
    """Return the cell of runs of which `metrics.json` alone is left."""
    values = np.array([math.nan if auc is None else auc for auc in aucs])
    sd = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    return Cell(Estimate(float(values.mean()), math.nan, math.nan, Method.NONE, _NO_SCORES), len(values), sd)


def _compared(cells: list[Cell | None], areas: MeanAucs, members: dict[int, range]) -> tuple[list[Cell | None], str]:
    """Mark the best cells, and those that are not significantly worse."""
    values = {i: cell.estimate.value for i, cell in enumerate(cells) if cell and not math.isnan(cell.estimate.value)}
    if len(values) < 2:
        return cells, ""
    top = max(values, key=lambda i: values[i])
    others = [i for i in values if i != top]
    p_values = holm([areas.difference(members[top], members[i]).p_value for i in others])
    found = dict(zip(others, p_values.tolist(), strict=True))
    marked = [*cells]
    for i in values:
        cell, is_best = cells[i], values[i] == values[top]
        if cell:
            p_value = found.get(i, math.nan)
            marked[i] = replace(cell, best=is_best, near=not is_best and p_value >= LEVEL, p_holm=p_value)
    return marked, ""
