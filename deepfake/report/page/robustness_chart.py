"""The chart of a test of robustness: the AUC of videos by level of distortion."""

import math
from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from deepfake.report.page.chart import Axis, Chart, Key, Mark, Table, dashes_of, layered, rows_of
from deepfake.report.page.look import INK, MUTED, dash, numbered_ink
from deepfake.report.page.words import interval, number

_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
_ENDS = ("video_auc_low", "video_auc_high")
_PLACES = alt.Axis(labelAngle=0, labelLimit=70, labelOverlap=True)


def robustness_chart(table: pd.DataFrame, clean: pd.Series | None, means: Mapping[str, Mapping[str, Any]]) -> Chart:
    """Draw AUC by level of distortion with its intervals, beside that of clean videos and above chance.

    Args:
        table: `robustness.csv`, the clean row first; those of older runs have no intervals.
        clean: the row of the AUC in `numbers.csv`, for its interval, if it is known.
        means: type -> what `metrics.json` has of it, for the interval of its mean.
    """
    known = {*_ENDS} <= {*table}
    table = table if known else table.assign(**dict.fromkeys(_ENDS, math.nan))
    area, rest = float(table["video_auc"].iloc[0]), table.iloc[1:]
    levels = rest["level"].map(lambda level: "" if pd.isna(level) else str(int(level)))
    rest = rest.assign(place=levels.where(levels != "", rest["type"]))
    places = ["clean", *sorted({*levels} - {""}, key=int), *dict.fromkeys(rest.loc[levels == "", "type"])]
    across = alt.X("place:N", title="level of distortion", sort=places, scale=alt.Scale(domain=places), axis=_PLACES)
    found = table["video_auc"].dropna()
    up = Axis("AUC of videos", max(0.0, min([0.4, *(found - 0.05), *(table[_ENDS[0]].dropna() - 0.02)])), 1.0)
    beside = [*rest.loc[levels != "", "type"].unique()] if known else []
    shifts = dict(zip(beside, _shifts(len(beside)), strict=True))
    marks, keys = _clean(area, clean, across, up)
    for i, (name, own) in enumerate(rest.groupby("type", sort=False)):
        marks.append(_type(own, i, across, up, shifts.get(name, 0.0)))
        mean = f"{'mean ' if len(own) > 1 else ''}{number(own['video_auc'].mean())}"
        mean += f" ({ends})" if (ends := _interval(own, means.get(str(name), {}))) else ""
        seen = f", trained with {_seen(own).replace(',', ', ')} (hollow)" if _seen(own) else ""
        keys.append(Key(f"{name}: {mean}{seen}", numbered_ink(i), dashes_of(i)))
    lowest = f", and {number(found.min())} at the lowest" if len(found) else ""
    return Chart(
        name="robustness",
        title="AUC under distortion",
        says=f"AUC of videos by type and level of distortion: {number(area)} without any{lowest}.",
        drawing=layered(*marks, height=320),
        keys=keys,
        table=_table(table),
        note=_note(table),
    )


def _note(table: pd.DataFrame) -> str:
    """Say what the bars are, and over whom."""
    how = [method for method in table.get("interval", pd.Series(dtype=str)).unique() if method != "none"]
    if not how:
        return "Levels have no intervals of their own; the band is that of the clean videos."
    paired = "Each level has the same videos, drawn with the same seed."
    return f"Bars, and the band of the clean videos, are 95 % intervals ({', '.join(how)}). {paired}"


def _shifts(number: int) -> list[float]:
    """Return how many pixels right of its level each of several types stands, so that bars do not hide each other.

    Example:
        >>> _shifts(3)
        [-5.0, 0.0, 5.0]
    """
    return [(i - (number - 1) / 2) * min(5.0, 36 / number) for i in range(number)]


def _interval(rows: pd.DataFrame, of_type: Mapping[str, Any]) -> str:
    """Return the interval of a mean over levels, or of the one level that there is."""
    if len(rows) == 1:
        return interval({"low": rows[_ENDS[0]].iloc[0], "high": rows[_ENDS[1]].iloc[0]})
    mean = of_type.get("mean", {})
    return interval({"low": mean.get("video/auc_low"), "high": mean.get("video/auc_high")})


def _seen(rows: pd.DataFrame) -> str:
    """Return what the detector was trained with that resembles the distortion; empty if nothing, or if unknown."""
    seen = str(rows["trained_with"].iloc[0])
    return "" if seen == "unknown" else seen


def _clean(area: float, row: pd.Series | None, across: alt.X, up: Axis) -> tuple[list[Mark], list[Key]]:
    """Return the marks of chance and of the clean videos, below those of the types, and their lines of the key."""
    ends, marks = "", list[Mark]()
    if row is not None and (ends := interval(row)):
        data = rows_of({"y_low": [row["low"]], "y_high": [row["high"]]})
        band = alt.Chart(data).mark_rect(color=MUTED, opacity=0.13, clip=True)
        marks.append(band.encode(y=up.y("y_low"), y2="y_high:Q"))
    chance, level = (alt.Chart(rows_of({"y": [value]})) for value in (0.5, area))
    marks.append(chance.mark_rule(color=MUTED, strokeDash=[2, 3]).encode(y=up.y()))
    marks.append(level.mark_rule(color=INK).encode(y=up.y()))
    dot = alt.Chart(rows_of({"place": ["clean"], "y": [area]})).mark_point(color=INK, filled=True, size=70, opacity=1)
    marks.append(dot.encode(x=across, y=up.y()))
    sure = f" (95 % interval {ends})" if ends else ""
    return marks, [Key(f"clean: {number(area)}{sure}", INK), Key("chance", MUTED, "2 3")]


def _type(rows: pd.DataFrame, place: int, across: alt.X, up: Axis, shift: float) -> alt.LayerChart:
    """Return the line of one type over its levels, or the mark of one set, hollow if training had the like."""
    colour, shape = numbered_ink(place), _SHAPES[place % len(_SHAPES)]
    columns = {"place": rows["place"], "y": rows["video_auc"], "low": rows[_ENDS[0]], "high": rows[_ENDS[1]]}
    data = rows_of({**columns, "type": rows["type"], "order": range(len(rows))})
    tips = [alt.Tooltip("type:N", title="distortion"), alt.Tooltip("place:N", title="level")]
    tips.append(alt.Tooltip("y:Q", title="AUC", format=".3f"))
    tips += [alt.Tooltip(f"{end}:Q", title=end, format=".3f") for end in ("low", "high")]
    plain = alt.Chart(data)
    at: dict[str, Any] = {"color": colour, "xOffset": shift}
    base = plain.encode(x=across, y=up.y(), tooltip=tips)
    bars = plain.mark_rule(**at, strokeWidth=1.25, opacity=0.7).encode(x=across, y=up.y("low"), y2="high:Q")
    line = base.mark_line(**at, strokeDash=dash(place) or [1, 0], strokeWidth=2).encode(order="order:Q")
    return layered(bars, line, base.mark_point(**at, filled=not _seen(rows), size=60, shape=shape, opacity=1))


def _table(table: pd.DataFrame) -> Table:
    columns = ["type", "level", "video_auc", "clip_auc", "num_real", "num_fake"]
    counts = {name: table[name].map(lambda n: "" if pd.isna(n) else str(int(n))) for name in (columns[1], *columns[4:])}
    ends = [interval({"low": low, "high": high}) for low, high in zip(*(table[end] for end in _ENDS), strict=True)]
    rows = table.assign(**counts, interval=ends)[[*columns[:3], "interval", *columns[3:]]].to_numpy().tolist()
    return Table(["distortion", "level", "AUC of videos", "95 % interval", "AUC of clips", "reals", "fakes"], rows)
