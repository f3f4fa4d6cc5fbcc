"""The curves over all thresholds: ROC, precision and recall, detection error trade-off."""

from collections.abc import Callable, Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from deepfake.report.page.chart import Axis, Chart, Key, Mark, Plane, Table, dashes_of, layered
from deepfake.report.page.look import INK, dash, method_ink
from deepfake.report.page.points import Rates, calls, precision_points, probit, roc_points
from deepfake.report.page.words import counted, number

MOST_METHODS = 8  # lines beside that of all; more cannot be told apart
_HEIGHT = 340
_EDGES = -0.02, 1.02  # so that a line along the edge is seen whole
_SHARES = {"values": [0, 0.2, 0.4, 0.6, 0.8, 1]}
_RATES = Plane(
    Axis("share of real videos called fake (false alarms)", *_EDGES, _SHARES),
    Axis("share of fake videos called fake (hits)", *_EDGES, _SHARES),
)
_PRECISION = Plane(
    Axis("share of fake videos called fake (recall)", *_EDGES, _SHARES),
    Axis("share of those called fake that are fake (precision)", *_EDGES, _SHARES),
)
_TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999)


def curve_charts(videos: pd.DataFrame, values: Mapping[str, pd.Series]) -> list[Chart]:
    """Draw the curves of videos of both classes.

    Args:
        videos: `label`, `method`, `score`, one row a video.
        values: metric -> its row of `numbers.csv`, for all videos.
    """
    parts = divided(videos)
    return [_roc(parts, values), _precision(parts, values), _det(parts, values)]


def divided(videos: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return name -> videos of a curve: all first, then the most frequent methods, each with all reals.

    Example:
        >>> [*divided(pd.DataFrame({"label": [0, 1, 1], "method": ["real", "a", "b"], "score": [0.1, 0.9, 0.8]}))]
        ['all', 'a', 'b']
    """
    fakes = videos[videos["label"] == 1]
    methods = fakes["method"].value_counts().index[:MOST_METHODS] if fakes["method"].nunique() > 1 else []
    real = videos["label"] == 0
    return {"all": videos, **{str(name): videos[real | (videos["method"] == name)] for name in sorted(methods)}}


def _roc(parts: Mapping[str, pd.DataFrame], values: Mapping[str, pd.Series]) -> Chart:
    found = {name: roc_points(own) for name, own in parts.items()}
    areas = {name: _area(points) for name, points in found.items()}
    at, point = calls(parts["all"]), _rates_at_half(parts["all"], values)
    marks = [_RATES.guide([0, 1], [0, 1]), *_lines(_RATES, found), _at_half(_RATES, point)]
    return Chart(
        name="roc",
        title="ROC curve",
        says=f"The ROC curve of all videos has an area of {number(areas['all'])}; at the threshold 0.5 "
        f"{at['hits']} of {at['fakes']} fakes and {at['alarms']} of {at['reals']} reals are called fake.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=_keys(parts, lambda name: f"AUC {number(areas[name])}"),
        table=_table(found, ["false alarms", "hits"]),
        note=_note("The dotted line is a guess.", values, ("recall", "specificity")),
    )


def _precision(parts: Mapping[str, pd.DataFrame], values: Mapping[str, pd.Series]) -> Chart:
    found = {name: precision_points(own) for name, own in parts.items()}
    at = calls(parts["all"])
    prevalence = at["fakes"] / (at["fakes"] + at["reals"])
    called = at["hits"] + at["alarms"]
    point = {"x": at["hits"] / at["fakes"], **_ends("x", values.get("recall"))}
    point |= {"y": at["hits"] / called if called else np.nan, **_ends("y", values.get("precision"))}
    marks = [_PRECISION.guide([0, 1], [prevalence] * 2), *_lines(_PRECISION, found), _at_half(_PRECISION, point)]
    area = f"average precision {number(values['ap']['value'])}" if "ap" in values else "the curve of all videos"
    return Chart(
        name="precision-recall",
        title="Precision and recall",
        says=f"Precision against recall, {area}; at the threshold 0.5 {at['hits']} of the {called} videos that are "
        f"called fake are fake, and a guess would be right {number(prevalence)} of the time.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=_keys(parts, None),
        table=_table(found, ["recall", "precision"]),
        note=_note(
            f"The dotted line is a guess: {number(prevalence)} of these videos are fake. Precision follows from that "
            "share, so it is another where fakes are rarer.",
            values,
            ("recall", "precision"),
        ),
    )


def _det(parts: Mapping[str, pd.DataFrame], values: Mapping[str, pd.Series]) -> Chart:
    found = {name: roc_points(own) for name, own in parts.items()}
    missed = {name: Rates(points.x, 1 - points.y) for name, points in found.items()}
    at = calls(parts["all"])
    ends = probit(np.array([0.0, 1.0]), max(at["reals"], at["fakes"]))
    plane = Plane(_error_axis("real videos called fake", *ends), _error_axis("fake videos missed", *ends))
    scaled = {
        name: Rates(probit(points.x, at["reals"]), probit(points.y, calls(parts[name])["fakes"]))
        for name, points in missed.items()
    }
    point = _rates_at_half(parts["all"], values)
    point = {name: value if name[0] == "x" else 1 - value for name, value in point.items()}
    point = {name: float(probit(np.array(v), at["reals" if name[0] == "x" else "fakes"])) for name, v in point.items()}
    marks = [plane.guide(ends, ends), *_lines(plane, scaled), _at_half(plane, point)]
    equal = f"both errors are equal at {number(values['eer']['value'])}" if "eer" in values else "both errors"
    return Chart(
        name="det",
        title="Detection error trade-off",
        says=f"Missed fakes against false alarms on scales of the normal distribution: {equal}.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=_keys(parts, None),
        table=_table(missed, ["real videos called fake", "fake videos missed"]),
        note="Lower is better. On these scales normal scores make a straight line; a rate of 0 is drawn at half a "
        "video. The dotted line is where both errors are equal.",
    )


def _error_axis(title: str, low: float, high: float) -> Axis:
    ticks = [tick for tick in probit(np.array(_TICKS), 10**6) if low <= tick <= high]
    rounded = "cumulativeNormal(datum.value)"
    label = f"format({rounded}, {rounded} < 0.0095 || {rounded} > 0.9905 ? '.1%' : '.0%')"
    return Axis(title, low, high, {"values": ticks, "labelExpr": label, "labelOverlap": True})


def _rates_at_half(videos: pd.DataFrame, values: Mapping[str, pd.Series]) -> dict[str, float]:
    """Return the decision at 0.5 as a point of the ROC plane, with the ends of its intervals where they are known."""
    at = calls(videos)
    point = {"x": at["alarms"] / at["reals"], "y": at["hits"] / at["fakes"], **_ends("y", values.get("recall"))}
    ends = _ends("x", values.get("specificity"))
    return point | ({"x_low": 1 - ends["x_high"], "x_high": 1 - ends["x_low"]} if ends else {})


def _ends(axis: str, row: pd.Series | None) -> dict[str, float]:
    if row is None or pd.isna(row["low"]):
        return {}
    return {f"{axis}_low": float(row["low"]), f"{axis}_high": float(row["high"])}


def _at_half(plane: Plane, point: Mapping[str, float]) -> alt.LayerChart:
    table = pd.DataFrame({name: [value] for name, value in point.items()}).assign(what="decision at 0.5")
    return plane.points(table, INK, {"what:N": "point"}, size=90)


def _lines(plane: Plane, found: Mapping[str, Rates]) -> list[Mark]:
    """Return a line each, that of all widest and below the others."""
    lines: list[Mark] = []
    for i, (name, points) in enumerate(found.items()):
        x, y = points.thinned()
        look = {"strokeWidth": 3} if name == "all" else {"strokeWidth": 1.75, "strokeDash": dash(i - 1) or [1, 0]}
        lines.append(plane.line(x, y, _ink(name, i), **look))
    return lines


def _ink(name: str, place: int) -> str:
    return INK if place == 0 else method_ink(name)


def _keys(parts: Mapping[str, pd.DataFrame], says: Callable[[str], str] | None) -> list[Key]:
    keys = []
    for i, (name, own) in enumerate(parts.items()):
        text = f"{name}: {says(name)} ({counted(own)})" if says else f"{name} ({counted(own)})"
        keys.append(Key(text, _ink(name, i), "" if i == 0 else dashes_of(i - 1)))
    return [*keys, Key("decision at 0.5, with 95 % intervals where they are known", INK, None)]


def _table(found: Mapping[str, Rates], heads: Sequence[str]) -> Table:
    """Return about twenty points of each curve."""
    rows = []
    for name, points in found.items():
        kept = np.unique(np.linspace(0, len(points.x) - 1, min(len(points.x), 20)).round().astype(int))
        rows += [[name, float(points.x[i]), float(points.y[i])] for i in kept]
    return Table(["videos", *heads], rows)


def _area(points: Rates) -> float:
    return float(np.trapezoid(points.y, points.x))


def _note(text: str, values: Mapping[str, pd.Series], used: Sequence[str]) -> str:
    lacking = [name for name in used if name in values and pd.isna(values[name]["low"])]
    return f"{text} There is no interval of {' and '.join(lacking)}." if lacking else text
