"""The bands of a verdict: how many tested videos fell into each, and how often it was wrong on val and here."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from deepfake.calibration.bands import BANDS, count_bands
from deepfake.report.page.chart import Axis, Chart, Key, Table, layered, rows_of
from deepfake.report.page.look import FAKE_INK, INK, MUTED, REAL_INK
from deepfake.report.page.words import interval, number

_HEIGHT = 260
_CLASSES = (("real", REAL_INK, 0), ("fake", FAKE_INK, 1))
_RATE = Axis("share of wrong videos in the band", -0.02, 1.02, {"values": [0, 0.2, 0.4, 0.6, 0.8, 1]})
_COLOUR = alt.Color("colour:N", scale=None)
_COLUMNS = ["name", "low", "high", "num_real", "num_fake", "error_rate", "error_low", "error_high"]


def band_table(videos: pd.DataFrame, on_val: Sequence[Mapping[str, Any]], prior: float) -> pd.DataFrame:
    """Count the tested videos of each band beside those of val.

    Args:
        videos: `label`, `calibrated`, one row a video; NaN has no band.
        on_val: the bands of the calibration, as `metrics.json` has them.
        prior: the share of fakes that the error rates are given for.

    Returns:
        A row a band, from no manipulation to manipulation: `name`, `low`, `high` (ends of its calibrated scores), and
        `num_real`, `num_fake`, `error_rate`, `error_low`, `error_high` of the tested videos and, with `_val`, of val.
        Without both classes there are no error rates of the tested videos.
    """
    scored = videos[videos["calibrated"].notna()]
    label, calibrated = scored["label"].to_numpy(), scored["calibrated"].to_numpy(np.float64)
    val = pd.DataFrame(on_val, columns=_COLUMNS)
    here = pd.DataFrame(count_bands(calibrated, label, prior), columns=_COLUMNS)
    rates = dict.fromkeys(_COLUMNS[5:], float)
    return here.astype(rates).join(val[_COLUMNS[3:]].astype(rates).add_suffix("_val"))


def plain_bands(bands: pd.DataFrame) -> Table:
    """Return the bands as a table of the page.

    Args:
        bands: as `band_table` returns them.
    """
    heads = ["band", "calibrated score", "reals", "fakes", "wrong", "reals on val", "fakes on val", "wrong on val"]
    rows = [
        [row["name"], f"{row['low']:g} to {row['high']:g}", *_cells(row, ""), *_cells(row, "_val")]
        for row in bands.to_dict("records")
    ]
    return Table(heads, rows)


def _cells(row: Mapping[str, Any], of: str) -> list[str]:
    rate = row[f"error_rate{of}"]
    ends = interval({"low": row[f"error_low{of}"], "high": row[f"error_high{of}"]})
    wrong = "" if pd.isna(rate) else f"{number(rate)}" + (f" ({ends})" if ends else "")
    return [str(row[f"num_real{of}"]), str(row[f"num_fake{of}"]), wrong]


def band_charts(bands: pd.DataFrame, source: str) -> list[Chart]:
    """Draw the counts of each band, and its error rates on val and on the tested videos.

    Args:
        bands: as `band_table` returns them.
        source: where the bands were learnt, as `val of demo`.
    """
    return [_counts(bands), _errors(bands, source)]


def _counts(bands: pd.DataFrame) -> Chart:
    shares = []
    for name, colour, _ in _CLASSES:
        counts = bands[f"num_{name}"]
        table = {"band": bands["name"], "what": name, "videos": counts, "share": counts / max(counts.sum(), 1)}
        shares.append(pd.DataFrame(table).assign(colour=colour, zero=0.0))
    drawn = pd.concat(shares)
    highest = max(float(drawn["share"].max()), 0.1)
    up = Axis("share of the class", 0.0, min(1.0, highest * 1.05))
    tips = [alt.Tooltip("band:N", title="band"), alt.Tooltip("what:N", title="class")]
    tips += [alt.Tooltip("videos:Q", title="videos"), alt.Tooltip("share:Q", title="share", format=".1%")]
    bars = alt.Chart(rows_of(drawn)).mark_bar()
    bars = bars.encode(
        x=up.x("zero"), x2="share:Q", y=_band(), yOffset=_order("real", "fake"), color=_COLOUR, tooltip=tips
    )
    totals = {name: int(bands[f"num_{name}"].sum()) for name, _, _ in _CLASSES}
    says = "; ".join(
        f"{row['name']}: {row['num_real']} real and {row['num_fake']} fake" for row in bands.to_dict("records")
    )
    return Chart(
        name="band-counts",
        title="Videos in each band",
        says=f"Number of videos in each band of calibrated scores: {says}.",
        drawing=layered(bars, height=_HEIGHT),
        keys=[Key(f"{name} ({totals[name]})", colour, None) for name, colour, _ in _CLASSES],
        table=Table(
            ["band", "reals", "fakes"],
            [[row["name"], str(row["num_real"]), str(row["num_fake"])] for row in bands.to_dict("records")],
        ),
        note="Bars are shares of the class.",
    )


def _errors(bands: pd.DataFrame, source: str) -> Chart:
    series = (("_val", MUTED, source, "val"), ("", INK, "the videos of this page", "here"))
    marks, keys = [], []
    for of, colour, what, short in series:
        columns = {f"error_{end}{of}": end for end in ("rate", "low", "high")}
        own = bands[["name", *columns]].rename(columns={"name": "band", **columns})
        own = own[own["rate"].notna()].assign(what=short)
        tips = [alt.Tooltip("band:N"), alt.Tooltip("what:N", title="of"), alt.Tooltip("rate:Q", format=".3f")]
        base = alt.Chart(rows_of(own))
        place = {"y": _band(), "yOffset": _order("val", "here")}
        bars = base.mark_rule(color=colour, strokeWidth=1.5).encode(x=_RATE.x("low"), x2="high:Q", **place)
        dots = base.mark_point(color=colour, filled=True, size=70, opacity=1)
        marks += [bars, dots.encode(x=_RATE.x("rate"), tooltip=tips, **place)]
        keys.append(Key(f"{what}, with 95 % intervals (Wilson)", colour, None))
    known = bands[bands["error_rate"].notna() & bands["error_rate_val"].notna()]
    each = "; ".join(
        f"{row['name']}: {number(row['error_rate_val'])} on val, {number(row['error_rate'])} here"
        for row in known.to_dict("records")
    )
    return Chart(
        name="band-errors",
        title="Wrong videos in each band",
        says=f"Error rates of the bands on val and here: {each or 'no band has videos of both'}.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=keys,
        table=Table(
            ["band", "on val", "low", "high", "here", "low", "high"],
            [[row["name"], *_ends(row, "_val"), *_ends(row, "")] for row in bands.to_dict("records")],
        ),
        note="The band in the middle says nothing, so it is never wrong. Intervals take videos to be independent.",
    )


def _ends(row: Mapping[str, Any], of: str) -> list[float | None]:
    values = (row[f"error_{end}{of}"] for end in ("rate", "low", "high"))
    return [None if pd.isna(value) else float(value) for value in values]


def _order(*names: str) -> alt.YOffset:
    return alt.YOffset("what:N", sort=[*names], scale=alt.Scale(domain=[*names]))


def _band() -> alt.Y:
    # Two lines each, so that the names fit a phone.
    lines = "split(replace(datum.label, ' of ', ' of\\n'), '\\n')"
    axis = alt.Axis(ticks=False, domain=False, labelLimit=200, labelExpr=lines)
    return alt.Y("band:N", title=None, sort=[*reversed(BANDS)], scale=alt.Scale(domain=[*reversed(BANDS)]), axis=axis)
