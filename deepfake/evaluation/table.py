"""Every number of an evaluation in one table: at clip and video level, of all, of each method and of each group."""

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from deepfake.metrics import Estimate, measure

COLUMNS = [
    "level",
    "by",
    "part",
    "metric",
    "value",
    "low",
    "high",
    "interval",
    "note",
    "num_real",
    "num_fake",
    "resampled",
]
Resampled = Literal["videos", "people"]


class Part(NamedTuple):
    """Some of the rows.

    Attributes:
        by: what they were divided by: `all`, `method` or `group`.
        name: of the part; empty for all.
        rows: whether each row is in it, (N,).
    """

    by: str
    name: str
    rows: np.ndarray


def numbers_table(clips: pd.DataFrame, videos: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Compute all metrics with 95 % intervals; see `deepfake.metrics.measure`.

    Of a method, its fakes are measured against all reals; of a group, its fakes against its reals. People are drawn
    again as a whole where they are known, and otherwise videos, with all their clips.

    Args:
        clips: one row a clip, with `video_id`, `label`, `score`, and those there are of `method`, `group`, `person`.
        videos: the same, one row a video.
        seed: of the bootstrap.

    Returns:
        One row for each number with `COLUMNS`. `interval` is how it was found, and `resampled` what was taken to be
        independent. There are no rows of clips if each video has one.
    """
    levels = {"video": videos} if len(clips) == len(videos) else {"video": videos, "clip": clips}
    rows = []
    for level, table in levels.items():
        for part in parts(table):
            rows += _rows(level, part, table[part.rows], seed)
    return pd.DataFrame(rows, columns=COLUMNS)


def parts(table: pd.DataFrame) -> Iterator[Part]:
    """Yield all rows, and those of each method and group, if there are several."""
    fake = table["label"].to_numpy() == 1
    yield Part("all", "", np.ones(len(table), bool))
    for by, of in (("method", fake), ("group", np.ones(len(table), bool))):
        names = table[by].to_numpy(str) if by in table else np.zeros(0)
        values = sorted(set(names[of].tolist())) if len(names) else []
        for value in values if len(values) > 1 else []:
            own = of & (names == value)
            yield Part(by, value, own | ~fake if by == "method" else own)


def resampled(table: pd.DataFrame) -> tuple[np.ndarray, Resampled]:
    """Return what each row belongs to that is independent of the others, as numbers (N,), and what that is.

    Rows without a person are of one for each video.
    """
    video = table["video_id"].to_numpy(str)
    if "person" not in table or not (known := table["person"].to_numpy(str) != "").any():
        return pd.factorize(video)[0], "videos"
    person = np.where(known, table["person"].to_numpy(str), np.char.add("\0", video))
    return pd.factorize(person)[0], "people"


def _rows(level: str, part: Part, table: pd.DataFrame, seed: int) -> list[list[object]]:
    clusters, of = resampled(table)
    label = table["label"].to_numpy()
    found = measure(table["score"].to_numpy(np.float64), label, clusters=clusters, seed=seed)
    counts = int((label == 0).sum()), int((label == 1).sum())
    return [[level, part.by, part.name, name, *_cells(one), *counts, of] for name, one in found.items()]


def _cells(one: Estimate) -> list[object]:
    low, high = (None if math.isnan(end) else end for end in (one.low, one.high))
    return [None if math.isnan(one.value) else one.value, low, high, str(one.method), one.note]
