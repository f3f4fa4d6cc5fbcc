"""Every number of an evaluation in one table: at clip and video level, of all, of each method and of each group."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from deepfake.calibration import Calibration
from deepfake.calibration.thresholds import AT_VAL, suffix_of
from deepfake.corpora.groups import GroupedBy
from deepfake.metrics import Estimate, Method, measure, measure_probabilities
from deepfake.metrics.numbers import AT_HALF
from deepfake.report.independent import resampled
from deepfake.report.tables import TOO_FEW

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

# Ends of the names of numbers that a calibration gives, beside those of the same names without them.
BEFORE, AFTER = "_before", "_after"


class Part(NamedTuple):
    """Some of the rows.

    Attributes:
        by: what they were divided by: `all`, `method` or `group`.
        name: of the part; empty for all.
    """

    by: str
    name: str

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that are in it: of a method its fakes and all reals, of a group all of it."""
        if self.by == "all":
            return table
        own = table[self.by] == self.name
        return table[own | (table["label"] == 0) if self.by == "method" else own]


def numbers_table(
    clips: pd.DataFrame,
    videos: pd.DataFrame,
    *,
    every: pd.DataFrame,
    people: GroupedBy = "people",
    seed: int = 0,
    calibration: Calibration | None = None,
) -> pd.DataFrame:
    """Compute all metrics with 95 % intervals; see `deepfake.metrics.measure`.

    With a calibration, decisions about videos are measured at its threshold as well (`accuracy_at_val`; of all videos
    also at its other thresholds, `accuracy_at_val_eer`), and log-loss, Brier and ECE of videos before and after it
    (`ece_before`, `ece_after`), among files of which its share is fake.

    Of a method, its fakes are measured against all reals; of a group, its fakes against its reals. People are drawn
    again as a whole where they are known, and otherwise videos, with all their clips.

    Args:
        clips: one row a clip, with `video_id`, `label`, `score`, and those there are of `method`, `group`, `person`.
        videos: the same, one row a video that counts.
        every: the same of all videos, also of those that have no score and do not count: each method and group of these
            has its rows.
        people: what `person` tells apart.
        seed: of the bootstrap.
        calibration: of the scores of videos; None if there is none.

    Returns:
        One row for each number with `COLUMNS`. `interval` is how it was found, and `resampled` what was taken to be
        independent. There are no rows of clips if no video has two.
    """
    divided = [*parts(every)]
    found = _numbers_of("video", videos, divided, people, seed, calibration)
    if clips["video_id"].is_unique:
        return found
    return pd.concat([found, _as_sure_as(found, _numbers_of("clip", clips, divided, people, seed))], ignore_index=True)


def _numbers_of(
    level: str,
    table: pd.DataFrame,
    divided: Sequence[Part],
    people: GroupedBy,
    seed: int,
    calibration: Calibration | None = None,
) -> pd.DataFrame:
    rows = [row for part in divided for row in _rows(level, part, part.rows(table), people, seed, calibration)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _as_sure_as(videos: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of clips without those for which there are too few videos, since clips are no further ones."""
    keys = ["by", "part", "metric"]
    notes = clips[keys].merge(videos[[*keys, "note"]], "left", keys)["note"].fillna("")
    few = notes.str.startswith(TOO_FEW).to_numpy()
    clips.loc[few, ["value", "low", "high"]] = None
    clips.loc[few, "interval"] = str(Method.NONE)
    clips.loc[few, "note"] = notes[few]
    return clips


def parts(videos: pd.DataFrame) -> Iterator[Part]:
    """Yield the whole, and each method of fakes and each group, if there are several."""
    yield Part("all", "")
    fakes = videos["label"] == 1
    for by, table in (("method", videos[fakes]), ("group", videos)):
        names = sorted(table[by].unique()) if by in table else []
        yield from (Part(by, name) for name in (names if len(names) > 1 else []))


def _rows(
    level: str, part: Part, table: pd.DataFrame, people: GroupedBy, seed: int, calibration: Calibration | None
) -> list[list[object]]:
    clusters, of = resampled(table, people)
    label, score = table["label"].to_numpy(), table["score"].to_numpy(np.float64)
    thresholds = {**AT_HALF, **_learnt(part, calibration)}
    found = measure(score, label, thresholds=thresholds, clusters=clusters, seed=seed)
    if calibration is not None:
        for suffix, scores in ((BEFORE, score), (AFTER, calibration.apply(score))):
            numbers = measure_probabilities(scores, label, calibration.prior, clusters=clusters, seed=seed)
            found |= {f"{name}{suffix}": one for name, one in numbers.items()}
    counts = int((label == 0).sum()), int((label == 1).sum())
    return [[level, part.by, part.name, name, *_cells(one), *counts, of] for name, one in found.items()]


def _learnt(part: Part, calibration: Calibration | None) -> dict[str, float]:
    """Return suffix -> threshold that was chosen on val; of a part that of the highest balanced accuracy alone."""
    if calibration is None:
        return {}
    known = {suffix_of(each.name): each.value for each in calibration.thresholds if each.value is not None}
    return known if part.by == "all" else {AT_VAL: calibration.threshold}


def _cells(one: Estimate) -> list[object]:
    low, high = (None if math.isnan(end) else end for end in (one.low, one.high))
    return [None if math.isnan(one.value) else one.value, low, high, str(one.method), one.note]
