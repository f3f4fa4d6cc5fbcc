"""The chart of a test of robustness: the AUC of videos by level, a line for each type."""

import math
from collections.abc import Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepfake.report.lettering import families
from deepfake.report.palette import INK, METHODS, UNLABELLED
from deepfake.report.plots import Subject, blank, entitle

_DASHES = ("-", (0, (6, 3)), (0, (2, 2)))
_MARKERS = "osD^vPX"
_COLUMNS = {3: 28, 2: 48}  # of the legend -> letters of the longest label that fits
_PLACE_OF_CLEAN = 0
ENDS = ("video_auc_low", "video_auc_high")


def robustness_figure(table: pd.DataFrame, videos: pd.DataFrame, subject: Subject) -> Figure:
    """Plot AUC by level, beside that of clean videos and above that of chance.

    With the ends of their intervals, levels have bars, and types stand beside each other instead of over one another. A
    type that resembles what the detector was trained with has hollow marks. A set, which draws its levels, has a mark
    of its own right of the levels.

    Args:
        table: `type`, `level`, `video_auc`, `trained_with`, and `video_auc_low`, `video_auc_high` if they are known;
            the first row is that of clean videos.
        videos: the clean videos, for the title: `label`, `score`.
        subject: what they are of.
    """
    known = {*ENDS} <= {*table}
    table = table if known else table.assign(**dict.fromkeys(ENDS, math.nan))
    clean, rest = table.iloc[0], table.iloc[1:]
    groups = list(rest.groupby("type", sort=False))
    sets = [str(name) for name, rows in groups if rows["level"].isna().all()]
    levels = sorted({int(level) for level in rest["level"].dropna()})
    places = {name: max(levels, default=_PLACE_OF_CLEAN) + 1 + i for i, name in enumerate(sets)}
    labels = [_label(str(name), rows) for name, rows in groups]
    columns = next((number for number, widest in _COLUMNS.items() if max(map(len, labels), default=0) <= widest), 1)
    with matplotlib.rc_context({"font.family": families()}):
        height = 4.9 + 0.17 * math.ceil((len(groups) + 2) / columns)  # the legend has two lines of its own
        figure, axes = blank(7, height)
        axes.axhline(0.5, color=UNLABELLED, linestyle=":", linewidth=1, label="chance")
        axes.axhline(clean["video_auc"], color=INK, linewidth=1, label=_labelled("clean", clean["video_auc"]))
        axes.plot(_PLACE_OF_CLEAN, clean["video_auc"], "o", color=INK)
        _bars(axes, [_PLACE_OF_CLEAN], table.iloc[:1], INK)
        types = [str(name) for name, _ in groups if str(name) not in places]
        shifts = dict(zip(types, _shifts(len(types)), strict=True)) if known else dict.fromkeys(types, 0.0)
        for i, (name, rows) in enumerate(groups):
            own = [places[str(name)]] if str(name) in places else rows["level"] + shifts[str(name)]
            _draw(axes, i, labels[i], rows, own)
        axes.set_xticks([_PLACE_OF_CLEAN, *levels, *places.values()], ["clean", *map(str, levels), *places])
        axes.set_xlabel("level of distortion")
        axes.set_ylabel("AUC of videos, with 95 % intervals" if known else "AUC of videos")
        drawn = table[["video_auc", ENDS[0]]].astype(float).min(axis=None)
        lowest = 0.45 if math.isnan(drawn) else min(0.45, float(drawn) - 0.05)
        axes.set_ylim(lowest, 1.02)
        entitle(axes, "AUC under distortion", videos, subject)
        figure.legend(loc="outside lower center", ncols=columns, fontsize=8)
    return figure


def _label(name: str, rows: pd.DataFrame) -> str:
    label = _labelled(f"{name}, mean" if len(rows) > 1 else name, rows["video_auc"].mean())
    seen = _seen(rows)
    return f"{label}, trained with {seen.replace(',', ', ')}" if seen else label


def _seen(rows: pd.DataFrame) -> str:
    """Return what the detector was trained with that resembles the distortion; empty if nothing, or if unknown."""
    seen = str(rows["trained_with"].iloc[0])
    return "" if seen == "unknown" else seen


def _shifts(number: int) -> list[float]:
    """Return how far right of its level each of several types stands; sets, which come later, stand alone.

    Example:
        >>> _shifts(3)
        [-0.08, 0.0, 0.08]
    """
    return [(i - (number - 1) / 2) * min(0.08, 0.7 / number) for i in range(number)]


def _bars(axes: Axes, places: Sequence[float] | pd.Series, rows: pd.DataFrame, colour: str) -> None:
    reach = [(rows[end] - rows["video_auc"]).abs().astype(float) for end in ENDS]
    axes.errorbar(places, rows["video_auc"], reach, fmt="none", ecolor=colour, elinewidth=1, alpha=0.6)


def _draw(axes: Axes, number: int, label: str, rows: pd.DataFrame, places: Sequence[float] | pd.Series) -> None:
    """Plot one type over its levels, or one set at its place."""
    colour = METHODS[number % len(METHODS)]
    _bars(axes, places, rows, colour)
    axes.plot(
        places,
        rows["video_auc"],
        color=colour,
        linestyle=_DASHES[number % len(_DASHES)],
        marker=_MARKERS[(number + number // len(METHODS)) % len(_MARKERS)],
        markersize=5,
        markerfacecolor="none" if _seen(rows) else colour,
        label=label,
    )


def _labelled(name: str, auc: float) -> str:
    return f"{name}: {auc:.3f}"
