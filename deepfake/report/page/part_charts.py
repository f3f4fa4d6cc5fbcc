"""The charts of parts: AUC by method or group, and by level of distortion."""

import altair as alt
import pandas as pd

from deepfake.report.page.chart import Axis, Chart, Key, Plane, Table, dashes_of, rows_of
from deepfake.report.page.look import INK, MUTED, dash, method_ink, numbered_ink
from deepfake.report.page.words import interval, number

MOST_PARTS = 40  # bars of a chart
_ROW = 34  # height of a bar with its room
_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
_AUC = Axis("AUC of videos")


def parts_chart(numbers: pd.DataFrame, by: str) -> Chart | None:
    """Draw the AUC of each method, or of each group, as bars with intervals; None if there are no parts.

    Args:
        numbers: `numbers.csv`.
        by: `method` or `group`.
    """
    own = numbers[(numbers["by"] == by) & (numbers["level"] == "video") & (numbers["metric"] == "auc")]
    own = own[own["value"].notna()].sort_values("value", kind="stable")
    if own.empty:
        return None
    shown = own.head(MOST_PARTS).reset_index(drop=True)
    colours = [method_ink(name) if by == "method" else numbered_ink(0) for name in shown["part"]]
    data = rows_of(shown[["part", "value", "low", "high", "num_real", "num_fake"]].assign(zero=0.0, colour=colours))
    part = alt.Y(
        "part:N", title=None, sort=list(shown["part"]), axis=alt.Axis(labelLimit=130, ticks=False, domain=False)
    )
    tips = [alt.Tooltip("part:N", title=by), alt.Tooltip("value:Q", title="AUC", format=".3f")]
    tips += [alt.Tooltip("num_real:Q", title="reals"), alt.Tooltip("num_fake:Q", title="fakes")]
    base = alt.Chart(data)
    bars = base.mark_bar(height=14, cornerRadiusEnd=2).encode(
        x=_AUC.x("zero"), x2="value:Q", y=part, color=alt.Color("colour:N", scale=None), tooltip=tips
    )
    ends = base.mark_rule(color=INK, strokeWidth=1.5).encode(x=_AUC.x("low"), x2="high:Q", y=part)
    chance = alt.Chart(rows_of({"x": [0.5]})).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(x=_AUC.x())
    worst = shown.iloc[0]
    rest = len(own) - len(shown)
    return Chart(
        name=f"by-{by}",
        title=f"AUC by {by}",
        says=f"AUC of videos by {by}, with 95 % intervals where they exist; the lowest is {worst['part']} with "
        f"{number(worst['value'])}.",
        drawing=alt.layer(bars, ends, chance).properties(height=_ROW * len(shown)),
        keys=[Key("95 % interval", INK), Key("chance", MUTED, "2 3")],
        table=Table(
            [by, "AUC", "95 % interval", "reals", "fakes"],
            [
                [
                    row.part,
                    row.value,
                    interval({"low": row.low, "high": row.high}),
                    str(row.num_real),
                    str(row.num_fake),
                ]
                for row in shown.itertuples(index=False, name="Part")
            ],
        ),
        note=("The fakes of a method against all reals." if by == "method" else "The videos of a group.")
        + (f" The {len(shown)} lowest of {len(own)} are drawn; numbers.csv has all." if rest else ""),
    )


def robustness_chart(table: pd.DataFrame, clean: pd.Series | None) -> Chart:
    """Draw AUC by level of distortion, beside that of clean videos and above chance.

    Args:
        table: `robustness.csv`, the clean row first.
        clean: the row of the AUC in `numbers.csv`, for its interval, if it is known.
    """
    area, rest = float(table["video_auc"].iloc[0]), table.iloc[1:]
    levels = sorted({int(level) for level in rest["level"].dropna()})
    sets = [name for name, own in rest.groupby("type", sort=False) if own["level"].isna().all()]
    places = ["clean", *map(str, levels), *sets]
    rest = rest.assign(place=[row.type if pd.isna(row.level) else str(int(row.level)) for row in rest.itertuples()])
    lowest = min(0.4, float(table["video_auc"].min()) - 0.05) if table["video_auc"].notna().any() else 0.4
    up = Axis("AUC of videos", max(0.0, lowest), 1.0)
    across = alt.X("place:N", title="level of distortion", sort=places, scale=alt.Scale(domain=places), axis=_UPRIGHT)
    marks, keys = _clean(area, clean, across, up)
    for i, (name, own) in enumerate(rest.groupby("type", sort=False)):
        marks.append(_type(own, i, across, up))
        seen = own["trained_with"].iloc[0]
        told = "" if seen in ("", "unknown") else f", trained with {seen.replace(',', ', ')} (hollow)"
        mean = (
            f"{name}: mean {number(own['video_auc'].mean())}"
            if len(own) > 1
            else f"{name}: {number(own['video_auc'].mean())}"
        )
        keys.append(Key(mean + told, numbered_ink(i), dashes_of(i)))
    worst = rest.loc[rest["video_auc"].idxmin()] if rest["video_auc"].notna().any() else None
    falls = f"; the lowest is {worst['type']} with {number(worst['video_auc'])}" if worst is not None else ""
    return Chart(
        name="robustness",
        title="AUC under distortion",
        says=f"AUC of videos by type and level of distortion, {number(area)} without any{falls}.",
        drawing=alt.layer(*marks).properties(height=320),
        keys=keys,
        table=Table(
            ["distortion", "level", "AUC of videos", "AUC of clips", "reals", "fakes"],
            [
                [
                    row.type,
                    "" if pd.isna(row.level) else str(int(row.level)),
                    row.video_auc,
                    row.clip_auc,
                    str(int(row.num_real)),
                    str(int(row.num_fake)),
                ]
                for row in table.itertuples(index=False, name="Row")
            ],
        ),
        note="Distorted frames have no intervals of their own; that of the clean videos is the band.",
    )


_UPRIGHT = alt.Axis(labelAngle=0, labelLimit=70, labelOverlap=True)


def _clean(area: float, row: pd.Series | None, across: alt.X, up: Axis) -> tuple[list[alt.Chart], list[Key]]:
    """Return the marks of chance and of the clean videos, below those of the types, and their lines of the key."""
    ends = "" if row is None else interval(row)
    marks = []
    if ends:
        band = rows_of({"y_low": [row["low"]], "y_high": [row["high"]]})
        marks.append(
            alt.Chart(band).mark_rect(color=MUTED, opacity=0.13, clip=True).encode(y=up.y("y_low"), y2="y_high:Q")
        )
    for value, look in ((0.5, {"color": MUTED, "strokeDash": [2, 3]}), (area, {"color": INK})):
        marks.append(alt.Chart(rows_of({"y": [value]})).mark_rule(**look).encode(y=up.y()))
    dot = alt.Chart(rows_of({"place": ["clean"], "y": [area]})).mark_point(color=INK, filled=True, size=70, opacity=1)
    marks.append(dot.encode(x=across, y=up.y()))
    keys = [
        Key(f"clean: {number(area)}" + (f" (95 % interval {ends})" if ends else ""), INK),
        Key("chance", MUTED, "2 3"),
    ]
    return marks, keys


def _type(rows: pd.DataFrame, place: int, across: alt.X, up: Axis) -> alt.LayerChart:
    colour, seen = numbered_ink(place), rows["trained_with"].iloc[0] not in ("", "unknown")
    data = rows_of({"place": rows["place"], "y": rows["video_auc"], "type": rows["type"], "order": range(len(rows))})
    tips = [alt.Tooltip("type:N", title="distortion"), alt.Tooltip("place:N", title="level")]
    tips.append(alt.Tooltip("y:Q", title="AUC", format=".3f"))
    base = alt.Chart(data).encode(x=across, y=up.y(), tooltip=tips)
    line = base.mark_line(color=colour, strokeDash=dash(place) or [1, 0], strokeWidth=2).encode(order="order:Q")
    shape = _SHAPES[place % len(_SHAPES)]
    return alt.layer(line, base.mark_point(color=colour, filled=not seen, size=60, shape=shape, opacity=1))
