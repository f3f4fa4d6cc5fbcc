"""The charts of a leaderboard: jobs as lines over parallel axes, and the importance of options."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from deepfake.names import shown
from deepfake.report.matrix.importance import is_number, numbers
from deepfake.report.matrix.leaderboard import VAL, Leaderboard
from deepfake.report.page.chart import Chart, Key, Table, layered, rows_of
from deepfake.report.page.look import INK, MUTED, numbered_ink
from deepfake.report.varied import brief

MOST_AXES = 8  # beside val AUC, so that their names can be read
_APART = 0.06  # of two words on an axis, at least
_LONGEST = 14  # letters of a word on an axis
_WIDE = 20  # the ratio of positive numbers from which an axis is logarithmic


class Scale(NamedTuple):
    """Where values stand on an axis from 0 to 1."""

    places: np.ndarray
    ticks: dict[float, str]


def scale_of(words: pd.Series) -> Scale:
    """Return the places of an option's values; of positive numbers that differ much, on a logarithmic axis.

    Example:
        >>> scale_of(pd.Series(["1e-4", "1e-3", "1e-2"])).places.round(2)
        array([0. , 0.5, 1. ])
    """
    values = numbers(words)
    if is_number(words) and (words != "").all() and values.min() > 0 and values.max() / values.min() >= _WIDE:
        values = np.log(values)
    elif not is_number(words) or (words == "").any():
        values = np.unique(values, return_inverse=True)[1].ravel().astype(np.float64)
    low, high = values.min(), values.max()
    places = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    ticks = {float(place): _brief(word or "not given") for place, word in zip(places, words, strict=True)}
    kept: list[float] = []
    for place in sorted(ticks):
        if not kept or place - kept[-1] >= _APART:
            kept.append(place)
    return Scale(places, {place: ticks[place] for place in kept})


def _brief(word: str) -> str:
    text = brief(shown(word))
    return text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"


def parallel_chart(board: Leaderboard, name: str) -> Chart:
    """Draw each job as a line over its options to its val AUC; the higher that is, the stronger the line.

    Args:
        board: the jobs.
        name: identifies the chart in the page.
    """
    options = board.names[:MOST_AXES]
    scales = {option: scale_of(board.jobs[option]) for option in options}
    aucs = board.jobs[VAL].to_numpy(np.float64)
    low, high = float(aucs.min()), float(aucs.max())
    middle = np.full(len(aucs), 0.5)
    ends = {0.0: f"{low:.3f}", 1.0: f"{high:.3f}"} if high > low else {0.5: f"{high:.3f}"}
    scales[VAL] = Scale((aucs - low) / (high - low) if high > low else middle, ends)
    axes = [*brief_names([*scales]).values()]
    short = dict(zip(scales, axes, strict=True))
    across = alt.X("axis:N", title=None, sort=axes, scale=alt.Scale(domain=axes), axis=_names())
    up = alt.Y("y:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1]))
    lines = pd.DataFrame(
        {"job": shown(board.jobs["job"][i]), "auc": aucs[i], "order": place, "axis": short[axis], "y": scale.places[i]}
        | {
            "value": shown(board.jobs[axis][i]) if axis in options else f"{aucs[i]:.3f}",
            "strength": scales[VAL].places[i],
        }
        for i in range(len(aucs))
        for place, (axis, scale) in enumerate(scales.items())
    )
    ticks = pd.DataFrame(
        {"axis": short[axis], "y": place, "text": text}
        for axis, scale in scales.items()
        for place, text in scale.ticks.items()
    )
    rails = alt.Chart(rows_of({"axis": axes, "y": [0.0] * len(axes), "top": [1.0] * len(axes)}))
    marks = [
        rails.mark_rule(color=MUTED).encode(x=across, y=up, y2="top:Q"),
        _lines(lines[lines["job"] != shown(board.jobs["job"][0])], MUTED, across, up, 1.5),
        _lines(lines[lines["job"] == shown(board.jobs["job"][0])], numbered_ink(0), across, up, 3),
        alt.Chart(rows_of(ticks))
        .mark_text(align="left", dx=5, color=INK, fontSize=11)
        .encode(x=across, y=up, text="text:N"),
    ]
    left_out = len(board.names) - len(options)
    best = ", ".join(f"{option} {shown(board.jobs[option][0]) or 'not given'}" for option in board.names)
    return Chart(
        name=name,
        title="Options and val AUC",
        says=f"{len(aucs)} jobs by their options; val AUC from {low:.3f} to {high:.3f}. The best has {best}.",
        drawing=layered(*marks, height=320),
        keys=[Key(f"the best job: {shown(board.jobs['job'][0])}", numbered_ink(0)), Key("the others", MUTED)],
        table=Table(["job", *options, VAL], board.jobs[["job", *options, VAL]].to_numpy().tolist()),
        note=f"{left_out} more options vary; the table has them." if left_out else "",
    )


def brief_names(options: Sequence[str]) -> dict[str, str]:
    """Return the last part of each option's name, or all of it if two share that part.

    Example:
        >>> brief_names(["optimizer.lr", "model", "a.size", "b.size"])
        {'optimizer.lr': 'lr', 'model': 'model', 'a.size': 'a.size', 'b.size': 'b.size'}
    """
    last = [option.rpartition(".")[2] for option in options]
    return {
        option: shown(part if last.count(part) == 1 else option) for option, part in zip(options, last, strict=True)
    }


def _names() -> alt.Axis:
    return alt.Axis(
        labelAngle=0, labelLimit=76, labelOverlap=False, domain=False, ticks=False, orient="top", grid=False
    )


def _lines(table: pd.DataFrame, colour: str, across: alt.X, up: alt.Y, width: float) -> alt.Chart:
    tips = [alt.Tooltip("job:N"), alt.Tooltip("axis:N", title="option"), alt.Tooltip("value:N")]
    tips.append(alt.Tooltip("auc:Q", title=VAL, format=".3f"))
    strength = alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.25, 0.95]), legend=None)
    chart = alt.Chart(rows_of(table)).mark_line(color=colour, strokeWidth=width, point={"color": colour, "size": 25})
    return chart.encode(x=across, y=up, detail="job:N", order="order:Q", opacity=strength, tooltip=tips)


def importance_chart(found: Mapping[str, float], name: str) -> Chart:
    """Draw the importance of each option as a bar."""
    names = [*brief_names([*found]).values()]
    values = [max(0.0, value) for value in found.values()]
    tips = [alt.Tooltip("option:N"), alt.Tooltip("value:Q", title="importance", format=".2f")]
    drawing = (
        alt.Chart(rows_of({"option": names, "value": values}))
        .mark_bar(color=numbered_ink(0))
        .encode(
            x=alt.X("value:Q", title="share of the variance of val AUC", scale=alt.Scale(domainMin=0)),
            y=alt.Y("option:N", title=None, sort=names, axis=alt.Axis(labelLimit=110)),
            tooltip=tips,
        )
        .properties(height=max(80, 32 * len(names)))
    )
    first = f"{names[0]}, {values[0]:.2f}" if names and not math.isnan(values[0]) else "none"
    return Chart(
        name=name,
        title="Importance of options",
        says=f"How much worse a forest predicts val AUC of unseen jobs if an option is shuffled; the most by {first}.",
        drawing=drawing,
        keys=[],
        table=Table(["option", "importance"], [[option, float(value)] for option, value in found.items()]),
        note="Options that were varied little have little importance, whatever they could do.",
    )
