"""The table of a test of robustness, one row for the clean videos and one for each type and level, and its means."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from deepfake.distort.catalogue import GROUPS, KINDS
from deepfake.distort.deeperforensics import LEVELS
from deepfake.distort.distortion import Distortion

CLEAN = "clean"  # the type of the first row
# `level`, `strength`, `unit` and `source` are empty for the clean row; a set has no level and no strength.
# `num_unchanged` counts videos in which the distortion changed no pixel of a face.
COLUMNS = [
    "type",
    "level",
    "strength",
    "unit",
    "source",
    "video_auc",
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


def summary(table: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of a table as plain data for `metrics.json`.

    A type's number is the mean AUC over its levels, and the last is the mean of the types, as LipForensics states it. A
    set is one number, and no part of that mean. An AUC that does not exist, as of one class alone, is None.

    Args:
        table: with the columns `COLUMNS`.

    Source: Haliassos et al., "Lips Don't Lie" (LipForensics), CVPR 2021: the seven types of DeeperForensics-1.0 at five
        levels, on the test set of FaceForensics++. `deeperforensics_mean` is that mean, if all are there.
    """
    clean = table[table["type"] == CLEAN].iloc[0]
    types, sets = table[table["type"].isin([*KINDS])], table[~table["type"].isin([*KINDS, CLEAN])]
    means = types.groupby("type", sort=False)[[*AUCS.values()]].mean()  # NaN if one of them is
    means = means.where(types.groupby("type", sort=False)["video_auc"].apply(lambda column: column.notna().all()))
    found: dict[str, Any] = {
        "clean": _aucs(clean),
        "types": {
            name: {
                "levels": {str(int(row.level)): _aucs(row._asdict()) for row in rows.itertuples()},
                "mean": _aucs(means.loc[name]),
                "trained_with": rows["trained_with"].iloc[0],
            }
            for name, rows in types.groupby("type", sort=False)
        },
        "sets": {row.type: {**_aucs(row._asdict()), "trained_with": row.trained_with} for row in sets.itertuples()},
    }
    if len(means):
        found["mean"] = _aucs(means.mean(skipna=False))
    seven = GROUPS["deeperforensics"]
    levels = types.groupby("type")["level"].apply(lambda column: sorted(column.astype(int)) == [*LEVELS])
    if all(levels.get(name, False) for name in seven):
        found["deeperforensics_mean"] = _aucs(means.loc[list(seven)].mean(skipna=False))
    return found


def _aucs(row: Any) -> dict[str, float | None]:
    values = {name: float(row[column]) for name, column in AUCS.items()}
    return {name: None if math.isnan(value) else value for name, value in values.items()}  # JSON has no NaN
