"""The chart of parts: the AUC of each method, or of each group."""

import altair as alt
import pandas as pd

from deepfake.report.page.chart import Axis, Chart, Key, Table, layered, rows_of
from deepfake.report.page.look import INK, MUTED, method_ink, numbered_ink
from deepfake.report.page.words import interval, number

MOST_PARTS = 40  # bars of a chart
_ROW = 34  # height of a bar with its room
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
    worst = shown.iloc[0]
    rest = len(own) - len(shown)
    return Chart(
        name=f"by-{by}",
        title=f"AUC by {by}",
        says=f"AUC of videos by {by}, with 95 % intervals where they exist; the lowest is {worst['part']} with "
        f"{number(worst['value'])}.",
        drawing=_bars(shown, by),
        keys=[Key("95 % interval", INK), Key("chance", MUTED, "2 3")],
        table=Table(
            [by, "AUC", "95 % interval", "reals", "fakes"],
            [
                [row["part"], row["value"], interval(row), str(row["num_real"]), str(row["num_fake"])]
                for row in shown.to_dict("records")
            ],
        ),
        note=("The fakes of a method against all reals." if by == "method" else "The videos of a group.")
        + (f" The {len(shown)} lowest of {len(own)} are drawn; numbers.csv has all." if rest else ""),
    )


def _bars(parts: pd.DataFrame, by: str) -> alt.LayerChart:
    colours = [method_ink(name) if by == "method" else numbered_ink(0) for name in parts["part"]]
    data = rows_of(parts[["part", "value", "low", "high", "num_real", "num_fake"]].assign(zero=0.0, colour=colours))
    names = alt.Axis(labelLimit=130, ticks=False, domain=False)
    part = alt.Y("part:N", title=None, sort=list(parts["part"]), axis=names)
    tips = [alt.Tooltip("part:N", title=by), alt.Tooltip("value:Q", title="AUC", format=".3f")]
    tips += [alt.Tooltip("num_real:Q", title="reals"), alt.Tooltip("num_fake:Q", title="fakes")]
    base = alt.Chart(data)
    bars = base.mark_bar(height=14, cornerRadiusEnd=2).encode(
        x=_AUC.x("zero"), x2="value:Q", y=part, color=alt.Color("colour:N", scale=None), tooltip=tips
    )
    ends = base.mark_rule(color=INK, strokeWidth=1.5).encode(x=_AUC.x("low"), x2="high:Q", y=part)
    chance = alt.Chart(rows_of({"x": [0.5]})).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(x=_AUC.x())
    return layered(bars, ends, chance, height=_ROW * len(parts))
