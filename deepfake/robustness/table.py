"""The table of a test of robustness, one row for the clean videos and one for each type and level, and its means."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.atomic import write_atomic
from deepfake.distort.catalogue import GROUPS, KINDS
from deepfake.distort.deeperforensics import LEVELS
from deepfake.distort.distortion import Distortion
from deepfake.metrics import Estimate

CLEAN = "clean"  # the type of the first row
# `level`, `strength`, `unit` and `source` are empty for the clean row; a set has no level and no strength.
# `interval` is how that of the AUC of videos was found. `num_unchanged` counts videos in which the distortion changed
# no pixel of a face.
COLUMNS = [
    "type",
    "level",
    "strength",
    "unit",
    "source",
    "video_auc",
    "video_auc_low",
    "video_auc_high",
    "interval",
    "clip_auc",
    "num_real",
    "num_fake",
    "coverage",
    "num_clips",
    "num_unchanged",
    "trained_with",
    "predictions",
]
AUCS = {"video/auc": "video_auc", "clip/auc": "clip_auc"}
ENDS = {"video/auc_low": "video_auc_low", "video/auc_high": "video_auc_high"}
FILE = "robustness.csv"


def trained_with(distortion: Distortion, known: Sequence[str] | None) -> str:
    """Return what a detector was trained with that resembles a distortion.

    Args:
        distortion: the type or set.
        known: the distortions that the checkpoint's card lists; None if it does not know.

    Returns:
        Their names, separated by commas; empty for none, and `unknown`.

    Example:
        >>> trained_with(Distortion("GB", 3), ["blur", "jpeg"]), trained_with(Distortion("CS", 1), ["jpeg"])
        ('blur', '')
        >>> trained_with(Distortion("CS", 1, reencode="dfo"), ["h264"]), trained_with(Distortion("CS", 1), None)
        ('h264', 'unknown')
    """
    return "unknown" if known is None else ",".join(sorted(distortion.resembles() & {*known}))


def write_table(table: pd.DataFrame, folder: Path) -> Path:
    """Write a table, or the part of it that there is so far, into a run's folder, and return its path."""
    write_atomic(folder / FILE, table.to_csv(index=False).encode())
    return folder / FILE


def summary(table: pd.DataFrame, mean: Callable[[Sequence[int]], Estimate]) -> dict[str, Any]:
    """Return the numbers of a table as plain data for `metrics.json`.

    A type's number is the mean AUC over its levels, and the last is the mean of the types, as LipForensics states it. A
    set is one number, and no part of that mean. Each AUC of videos has the ends of its 95 % interval, `video/auc_low`
    and `video/auc_high`. An AUC that does not exist, as of one class alone, is None, and so is an end.

    Args:
        table: with the columns `COLUMNS`.
        mean: the mean AUC of videos of some of its rows, for the interval, as `LevelAucs.mean` gives it.

    Source: Haliassos et al., "Lips Don't Lie" (LipForensics), CVPR 2021: the seven types of DeeperForensics-1.0 at five
        levels, on the test set of FaceForensics++. `deeperforensics_mean` is that mean, if all are there.
    """
    clean = table[table["type"] == CLEAN].iloc[0]
    types, sets = table[table["type"].isin([*KINDS])], table[~table["type"].isin([*KINDS, CLEAN])]
    means = types.groupby("type", sort=False)[[*AUCS.values()]].mean()  # NaN if one of them is
    means = means.where(types.groupby("type", sort=False)["video_auc"].apply(lambda column: column.notna().all()))

    def of_mean(row: pd.Series, rows: pd.DataFrame) -> dict[str, float | None]:
        one = mean([*map(int, rows.index)])
        return _aucs({**row.to_dict(), **dict(zip(ENDS.values(), (one.low, one.high), strict=True))})

    found: dict[str, Any] = {
        "clean": _aucs(clean),
        "types": {
            name: {
                "levels": {str(int(row.level)): _aucs(row._asdict()) for row in rows.itertuples()},
                "mean": of_mean(means.loc[name], rows),
                "trained_with": rows["trained_with"].iloc[0],
            }
            for name, rows in types.groupby("type", sort=False)
        },
        "sets": {row.type: {**_aucs(row._asdict()), "trained_with": row.trained_with} for row in sets.itertuples()},
    }
    if len(means):
        found["mean"] = of_mean(means.mean(skipna=False), types)
    seven = GROUPS["deeperforensics"]
    levels = types.groupby("type")["level"].apply(lambda column: sorted(column.astype(int)) == [*LEVELS])
    if all(levels.get(name, False) for name in seven):
        of_seven = types[types["type"].isin(seven)]
        found["deeperforensics_mean"] = of_mean(means.loc[list(seven)].mean(skipna=False), of_seven)
    return found


def _aucs(row: Any) -> dict[str, float | None]:
    values = {name: float(row[column]) for name, column in {**AUCS, **ENDS}.items()}
    return {name: None if math.isnan(value) else value for name, value in values.items()}  # JSON has no NaN
