"""The chart of a test of robustness: the AUC of videos by level of distortion."""

import altair as alt
import pandas as pd

from deepfake.report.page.chart import Axis, Chart, Key, Mark, Table, dashes_of, layered, rows_of
from deepfake.report.page.look import INK, MUTED, dash, numbered_ink
from deepfake.report.page.words import interval, number

_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
_PLACES = alt.Axis(labelAngle=0, labelLimit=70, labelOverlap=True)


def robustness_chart(table: pd.DataFrame, clean: pd.Series | None) -> Chart:
    """Draw AUC by level of distortion, beside that of clean videos and above chance.

    Args:
        table: `robustness.csv`, the clean row first.
        clean: the row of the AUC in `numbers.csv`, for its interval, if it is known.
    """
    area, rest = float(table["video_auc"].iloc[0]), table.iloc[1:]
    levels = rest["level"].map(lambda level: "" if pd.isna(level) else str(int(level)))
    rest = rest.assign(place=levels.where(levels != "", rest["type"]))
    places = ["clean", *sorted({*levels} - {""}, key=int), *dict.fromkeys(rest.loc[levels == "", "type"])]
    across = alt.X("place:N", title="level of distortion", sort=places, scale=alt.Scale(domain=places), axis=_PLACES)
    found = table["video_auc"].dropna()
    up = Axis("AUC of videos", max(0.0, min([0.4, *(found - 0.05)])), 1.0)
    marks, keys = _clean(area, clean, across, up)
    for i, (name, own) in enumerate(rest.groupby("type", sort=False)):
        marks.append(_type(own, i, across, up))
        mean = f"{'mean ' if len(own) > 1 else ''}{number(own['video_auc'].mean())}"
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
        note="Distorted videos have no intervals of their own; the band is that of the clean ones.",
    )


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


def _type(rows: pd.DataFrame, place: int, across: alt.X, up: Axis) -> alt.LayerChart:
    """Return the line of one type over its levels, or the mark of one set, hollow if training had the like."""
    colour, shape = numbered_ink(place), _SHAPES[place % len(_SHAPES)]
    data = rows_of({"place": rows["place"], "y": rows["video_auc"], "type": rows["type"], "order": range(len(rows))})
    tips = [alt.Tooltip("type:N", title="distortion"), alt.Tooltip("place:N", title="level")]
    tips.append(alt.Tooltip("y:Q", title="AUC", format=".3f"))
    base = alt.Chart(data).encode(x=across, y=up.y(), tooltip=tips)
    line = base.mark_line(color=colour, strokeDash=dash(place) or [1, 0], strokeWidth=2).encode(order="order:Q")
    return layered(line, base.mark_point(color=colour, filled=not _seen(rows), size=60, shape=shape, opacity=1))


def _table(table: pd.DataFrame) -> Table:
    columns = ["type", "level", "video_auc", "clip_auc", "num_real", "num_fake"]
    counts = {name: table[name].map(lambda n: "" if pd.isna(n) else str(int(n))) for name in (columns[1], *columns[4:])}
    rows = table.assign(**counts)[columns].to_numpy().tolist()
    return Table(["distortion", "level", "AUC of videos", "AUC of clips", "reals", "fakes"], rows)
