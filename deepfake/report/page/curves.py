"""The curves over all thresholds: ROC, precision and recall, detection error trade-off."""

from collections.abc import Callable, Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from deepfake.report.page.chart import BAND, DIAMOND, Axis, Chart, Key, Mark, Plane, Table, dashes_of, layered
from deepfake.report.page.decisions import Decision
from deepfake.report.page.look import INK, dash, method_ink
from deepfake.report.page.points import Rates, calls, precision_points, probit, roc_points
from deepfake.report.page.words import counted, number
from deepfake.report.uncertainty import Uncertainty

_SHAPES = ("circle", "diamond")  # of the decisions
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


def curve_charts(
    videos: pd.DataFrame, values: Mapping[str, pd.Series], decisions: Sequence[Decision], sure: Uncertainty
) -> list[Chart]:
    """Draw the curves of videos of both classes.

    Args:
        videos: `label`, `method`, `score`, one row a video.
        values: metric -> its row of `numbers.csv`, for all videos.
        decisions: the thresholds that are marked, 0.5 first; of those that val chose the first.
        sure: the bands of all videos.
    """
    parts, marked = divided(videos), decisions[:2]
    return [draw(parts, values, marked, sure) for draw in (_roc, _precision, _det)]


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


def _roc(
    parts: Mapping[str, pd.DataFrame], values: Mapping[str, pd.Series], marked: Sequence[Decision], sure: Uncertainty
) -> Chart:
    found = {name: roc_points(own) for name, own in parts.items()}
    areas = {name: _area(points) for name, points in found.items()}
    at = calls(parts["all"])
    points = [_rates_at(parts["all"], values, each) for each in marked]
    band = [_RATES.band(sure.fprs, sure.tpr.low, sure.tpr.high, INK, "step-after")] if sure.known else []
    marks = [*band, _RATES.guide([0, 1], [0, 1]), *_lines(_RATES, found), *_decided(_RATES, marked, points)]
    return Chart(
        name="roc",
        title="ROC curve",
        says=f"The ROC curve of all videos has an area of {number(areas['all'])}; at the threshold 0.5 "
        f"{at['hits']} of {at['fakes']} fakes and {at['alarms']} of {at['reals']} reals are called fake.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=_keys(parts, lambda name: f"AUC {number(areas[name])}", marked, sure),
        table=_table(found | _ends_of(sure, sure.fprs, sure.tpr.low, sure.tpr.high), ["false alarms", "hits"]),
        note=_note(f"The dotted line is a guess. {sure.said}", values, ("recall", "specificity")),
    )


def _precision(
    parts: Mapping[str, pd.DataFrame], values: Mapping[str, pd.Series], marked: Sequence[Decision], sure: Uncertainty
) -> Chart:
    found = {name: precision_points(own) for name, own in parts.items()}
    at = calls(parts["all"])
    prevalence = at["fakes"] / (at["fakes"] + at["reals"])
    called = at["hits"] + at["alarms"]
    points = [_precision_at(parts["all"], values, each) for each in marked]
    ends = sure.precision
    band = [_PRECISION.band(sure.recalls, ends.low, ends.high, INK, "step-before")] if sure.known else []
    lines = [_PRECISION.guide([0, 1], [prevalence] * 2), *_lines(_PRECISION, found)]
    marks = [*band, *lines, *_decided(_PRECISION, marked, points)]
    area = f"average precision {number(values['ap']['value'])}" if "ap" in values else "the curve of all videos"
    return Chart(
        name="precision-recall",
        title="Precision and recall",
        says=f"Precision against recall, {area}; at the threshold 0.5 {at['hits']} of the {called} videos that are "
        f"called fake are fake, and a guess would be right {number(prevalence)} of the time.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=_keys(parts, None, marked, sure),
        table=_table(found | _ends_of(sure, sure.recalls, ends.low, ends.high), ["recall", "precision"]),
        note=_note(
            f"The dotted line is a guess: {number(prevalence)} of these videos are fake. Precision follows from that "
            f"share, so it is another where fakes are rarer. {sure.said}"
            + (" It is of the precision at the highest threshold that reaches a recall." if sure.known else ""),
            values,
            ("recall", "precision"),
        ),
    )


def _det(
    parts: Mapping[str, pd.DataFrame], values: Mapping[str, pd.Series], marked: Sequence[Decision], sure: Uncertainty
) -> Chart:
    found = {name: roc_points(own) for name, own in parts.items()}
    missed = {name: Rates(points.x, 1 - points.y) for name, points in found.items()}
    at = calls(parts["all"])
    ends = probit(np.array([0.0, 1.0]), max(at["reals"], at["fakes"]))
    plane = Plane(_error_axis("real videos called fake", *ends), _error_axis("fake videos missed", *ends))
    scaled = {
        name: Rates(probit(points.x, at["reals"]), probit(points.y, calls(parts[name])["fakes"]))
        for name, points in missed.items()
    }
    points = [_missed(_rates_at(parts["all"], values, each), at) for each in marked]
    band = [_det_band(plane, sure, at)] if sure.known else []
    marks = [*band, plane.guide(ends, ends), *_lines(plane, scaled), *_decided(plane, marked, points)]
    equal = f"both errors are equal at {number(values['eer']['value'])}" if "eer" in values else "both errors"
    return Chart(
        name="det",
        title="Detection error trade-off",
        says=f"Missed fakes against false alarms on scales of the normal distribution: {equal}.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=_keys(parts, None, marked, sure),
        table=_table(
            missed | _ends_of(sure, sure.fprs, 1 - sure.tpr.high, 1 - sure.tpr.low),
            ["real videos called fake", "fake videos missed"],
        ),
        note="Lower is better. On these scales normal scores make a straight line; a rate of 0 is drawn at half a "
        f"video. The dotted line is where both errors are equal. {sure.said}",
    )


def _error_axis(title: str, low: float, high: float) -> Axis:
    ticks = [tick for tick in probit(np.array(_TICKS), 10**6) if low <= tick <= high]
    rounded = "cumulativeNormal(datum.value)"
    label = f"format({rounded}, {rounded} < 0.0095 || {rounded} > 0.9905 ? '.1%' : '.0%')"
    return Axis(title, low, high, {"values": ticks, "labelExpr": label, "labelOverlap": True})


def _det_band(plane: Plane, sure: Uncertainty, at: Mapping[str, int]) -> alt.Chart:
    low, high = (probit(1 - end, at["fakes"]) for end in (sure.tpr.high, sure.tpr.low))
    return plane.band(probit(sure.fprs, at["reals"]), low, high, INK, "step-after")


def _missed(point: Mapping[str, float], at: Mapping[str, int]) -> dict[str, float]:
    """Return a point of the ROC plane as one of the DET plane."""
    missed = {name: value if name[0] == "x" else 1 - value for name, value in point.items()}
    return {name: float(probit(np.array(v), at["reals" if name[0] == "x" else "fakes"])) for name, v in missed.items()}


def _rates_at(videos: pd.DataFrame, values: Mapping[str, pd.Series], decision: Decision) -> dict[str, float]:
    """Return a decision as a point of the ROC plane, with the ends of its intervals where they are known."""
    at = calls(videos, decision.threshold)
    recall, specificity = (values.get(f"{name}{decision.suffix}") for name in ("recall", "specificity"))
    point = {"x": at["alarms"] / at["reals"], "y": at["hits"] / at["fakes"], **_ends("y", recall)}
    ends = _ends("x", specificity)
    return point | ({"x_low": 1 - ends["x_high"], "x_high": 1 - ends["x_low"]} if ends else {})


def _precision_at(videos: pd.DataFrame, values: Mapping[str, pd.Series], decision: Decision) -> dict[str, float]:
    """Return a decision as a point of recall and precision; where none is called fake it has no place."""
    at = calls(videos, decision.threshold)
    recall, precision = (values.get(f"{name}{decision.suffix}") for name in ("recall", "precision"))
    called = at["hits"] + at["alarms"]
    point = {"x": at["hits"] / at["fakes"], **_ends("x", recall)}
    return point | {"y": at["hits"] / called if called else np.nan, **_ends("y", precision)}


def _ends(axis: str, row: pd.Series | None) -> dict[str, float]:
    if row is None or pd.isna(row["low"]):
        return {}
    return {f"{axis}_low": float(row["low"]), f"{axis}_high": float(row["high"])}


def _decided(plane: Plane, marked: Sequence[Decision], points: Sequence[Mapping[str, float]]) -> list[alt.LayerChart]:
    """Return the point of each decision: a dot at 0.5, a diamond at the threshold of val."""
    found = []
    for each, point, shape in zip(marked, points, _SHAPES, strict=False):
        table = pd.DataFrame({name: [value] for name, value in point.items()}).assign(what=_named(each))
        found.append(plane.points(table, INK, {"what:N": "point"}, size=90 if shape == "circle" else 130, shape=shape))
    return found


def _named(decision: Decision) -> str:
    where = "" if not decision.suffix else f", of {decision.name}"
    return f"decision at {decision.threshold:.3g}{where}"


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


def _keys(
    parts: Mapping[str, pd.DataFrame],
    says: Callable[[str], str] | None,
    marked: Sequence[Decision],
    sure: Uncertainty,
) -> list[Key]:
    keys = []
    for i, (name, own) in enumerate(parts.items()):
        text = f"{name}: {says(name)} ({counted(own)})" if says else f"{name} ({counted(own)})"
        keys.append(Key(text, _ink(name, i), "" if i == 0 else dashes_of(i - 1)))
    band = [Key(f"95 % band of all, over {sure.over}", INK, BAND)] if sure.known else []
    for each in marked:
        text = f"{_named(each)}, with 95 % intervals where they are known"
        keys.append(Key(text, INK, DIAMOND if each.suffix else None))
    return [*band, *keys]


def _table(found: Mapping[str, Rates], heads: Sequence[str]) -> Table:
    """Return about twenty points of each curve."""
    rows = []
    for name, points in found.items():
        kept = np.unique(np.linspace(0, len(points.x) - 1, min(len(points.x), 20)).round().astype(int))
        rows += [[name, float(points.x[i]), float(points.y[i])] for i in kept]
    return Table(["videos", *heads], rows)


def _ends_of(sure: Uncertainty, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, Rates]:
    """Return the ends of a band as curves of the table; none if there is no band."""
    return {"all, lower end": Rates(x, low), "all, upper end": Rates(x, high)} if sure.known else {}


def _area(points: Rates) -> float:
    return float(np.trapezoid(points.y, points.x))


def _note(text: str, values: Mapping[str, pd.Series], used: Sequence[str]) -> str:
    lacking = [name for name in used if name in values and pd.isna(values[name]["low"])]
    return f"{text} There is no interval of {' and '.join(lacking)}." if lacking else text
