"""The chart of a test of robustness: the AUC of videos by level, a line for each type."""

import math

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


def robustness_figure(table: pd.DataFrame, videos: pd.DataFrame, subject: Subject) -> Figure:
    """Plot AUC by level, beside that of clean videos and above that of chance.

    A type that resembles what the detector was trained with has hollow marks. A set, which draws its levels, has a mark
    of its own right of the levels.

    Args:
        table: `type`, `level`, `video_auc`, `trained_with`; the first row is that of clean videos.
        videos: the clean videos, for the title: `label`, `score`.
        subject: what they are of.
    """
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
        for i, (name, rows) in enumerate(groups):
            _draw(axes, i, labels[i], rows, places.get(str(name)))
        axes.set_xticks([_PLACE_OF_CLEAN, *levels, *places.values()], ["clean", *map(str, levels), *places])
        axes.set_xlabel("level of distortion")
        axes.set_ylabel("AUC of videos")
        lowest = min(0.45, float(table["video_auc"].min()) - 0.05) if table["video_auc"].notna().any() else 0.45
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


def _draw(axes: Axes, number: int, label: str, rows: pd.DataFrame, place: int | None) -> None:
    """Plot one type over its levels, or one set at its place."""
    colour = METHODS[number % len(METHODS)]
    places = rows["level"] if place is None else [place]
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
