"""The learning curves of a training."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from deepfake.report.page.chart import Chart, Key, Table, dashes_of, layered, rows_of
from deepfake.report.page.look import INK, dash, numbered_ink
from deepfake.report.page.words import number

_LOSSES = {"train/loss_epoch": "loss in training", "val/video/log_loss": "log-loss of val videos"}
_AREAS = {"val/video/auc": "AUC of val videos", "val/clip/auc": "AUC of val clips"}
_CHOICE = ("val/video/auc", "val/video/log_loss")


def learning_charts(curves: pd.DataFrame) -> list[Chart]:
    """Draw loss and AUC by epoch, with the best epoch marked.

    Args:
        curves: `csv/metrics.csv`, a row a logged step.
    """
    logged = curves[curves["epoch"].notna()]
    epochs = logged.groupby("epoch").last()  # the last value of each column that is there
    best = _best(epochs)
    charts = (
        _chart(epochs, _LOSSES, best, "learning-loss", "Loss by epoch"),
        _chart(epochs, _AREAS, best, "learning-auc", "AUC by epoch"),
    )
    return [chart for chart in charts if chart]


def _best(epochs: pd.DataFrame) -> int | None:
    """Return the epoch of the highest AUC on val videos, of equal ones that of the lowest log-loss."""
    if not {*_CHOICE} <= {*epochs} or epochs[_CHOICE[0]].isna().all():
        return None
    ranked = epochs.dropna(subset=[_CHOICE[0]]).sort_values([*_CHOICE], ascending=[False, True], kind="stable")
    return int(ranked.index[0])


def _chart(epochs: pd.DataFrame, columns: Mapping[str, str], best: int | None, name: str, title: str) -> Chart | None:
    present = {column: words for column, words in columns.items() if column in epochs and epochs[column].notna().any()}
    if not present:
        return None
    across = alt.X("x:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False))
    up = alt.Y("y:Q", title=None, scale=alt.Scale(zero=False, nice=True))
    marks = [_line(epochs[column].dropna(), i, words, across, up) for i, (column, words) in enumerate(present.items())]
    keys = [Key(words, numbered_ink(i), dashes_of(i)) for i, words in enumerate(present.values())]
    if best is not None:
        marks.append(alt.Chart(rows_of({"x": [best]})).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=across))
        keys.append(Key(f"best epoch: {best}", INK, "4 3"))
    last = epochs.iloc[-1]
    ends = ", ".join(f"{words} {number(last[column], 3)}" for column, words in present.items())
    return Chart(
        name=name,
        title=title,
        says=f"{title}, of {len(epochs)} epochs; after the last one: {ends}.",
        drawing=layered(*marks, height=260),
        keys=keys,
        table=Table(
            ["epoch", *present.values()],
            [[str(int(epoch)), *_cells(row, [*present])] for epoch, row in epochs.iterrows()],
        ),
    )


def _cells(row: pd.Series, columns: Sequence[str]) -> list[object]:
    return [None if pd.isna(row[column]) else float(row[column]) for column in columns]


def _line(values: pd.Series, place: int, words: str, across: alt.X, up: alt.Y) -> alt.Chart:
    data = rows_of({"x": values.index, "y": values.to_numpy(), "what": words})
    colour, dots = numbered_ink(place), {"color": numbered_ink(place), "size": 30}
    tips = [alt.Tooltip("what:N", title="curve"), alt.Tooltip("x:Q", title="epoch"), alt.Tooltip("y:Q", format=".4f")]
    curve = alt.Chart(data).mark_line(color=colour, strokeDash=dash(place) or [1, 0], strokeWidth=2, point=dots)
    return curve.encode(x=across, y=up, tooltip=tips)
