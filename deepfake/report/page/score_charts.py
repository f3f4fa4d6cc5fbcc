"""The charts of the scores themselves: their distributions, and whether they can be believed."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from deepfake.report.page.chart import Axis, Chart, Key, Mark, Plane, Table, layered
from deepfake.report.page.look import FAKE_INK, INK, MUTED, REAL_INK
from deepfake.report.page.points import NUM_BARS, calls, histogram
from deepfake.report.page.words import at_half, number
from deepfake.report.reliability import reliability

_HEIGHT = 280
_SCORE = Axis("score: probability of fake")
_CLASSES = ((0, "real", REAL_INK), (1, "fake", FAKE_INK))
_PLANE = Plane(_SCORE, Axis("share that is fake"))


def score_chart(videos: pd.DataFrame) -> Chart:
    """Draw how many videos of each class have which score.

    Args:
        videos: `label`, `score`, one row a video.
    """
    bars = histogram(videos)
    width, highest = 1 / NUM_BARS, float(bars["share"].max())
    shares = Axis("share of the class", 0.0, highest * 1.05)
    marks: list[alt.Chart] = []
    for label, name, colour in _CLASSES:
        own = bars[bars["label"] == label]
        start = own["low"] + width * (0.08 if label == 0 else 0.5)
        data = own.assign(start=start, end=start + 0.42 * width, bottom=0.0, what=name)
        marks.append(_bars(data, shares, colour))
    middle = alt.Chart(alt.InlineData(values=[{"x": 0.5}])).mark_rule(color=INK, strokeDash=[4, 3])
    marks.append(middle.encode(x=_SCORE.x()))
    totals = videos["label"].value_counts()
    medians = videos.groupby("label")["score"].median()
    half = (f"half of the {name}s score {number(medians[label])} or more" for label, name, _ in _present(medians))
    return Chart(
        name="scores",
        title="Scores by class",
        says=f"Histogram of the scores: {'; '.join(half)}. {at_half(calls(videos))}",
        drawing=layered(*marks, height=_HEIGHT),
        keys=[
            *(Key(f"{name} ({totals.get(label, 0)})", colour, None) for label, name, colour in _CLASSES),
            Key("threshold 0.5", INK, "4 3"),
        ],
        table=Table(
            ["class", "score from", "to", "videos", "share"],
            [
                ["fake" if label else "real", low, high, str(count), share]
                for label, low, high, count, share in bars.to_numpy().tolist()
            ],
        ),
        note=f"Bars of {width:g} width, real and fake side by side; heights are shares of the class.",
    )


def _present(by_label: pd.Series) -> list[tuple[int, str, str]]:
    return [each for each in _CLASSES if each[0] in by_label]


def _bars(data: pd.DataFrame, shares: Axis, colour: str) -> alt.Chart:
    values = alt.InlineData(values=data.to_dict("records"))
    tips = [
        alt.Tooltip("what:N", title="class"),
        alt.Tooltip("low:Q", title="score from", format=".2f"),
        alt.Tooltip("high:Q", title="to", format=".2f"),
        alt.Tooltip("videos:Q", title="videos"),
        alt.Tooltip("share:Q", title="share", format=".1%"),
    ]
    chart = alt.Chart(values).mark_rect(color=colour)
    return chart.encode(x=_SCORE.x("start"), x2="end:Q", y=shares.y("bottom"), y2="share:Q", tooltip=tips)


def reliability_chart(videos: pd.DataFrame, errors: Mapping[str, float | None], prior: float | None = None) -> Chart:
    """Draw what share of the videos of a score is fake, with Wilson's intervals.

    Args:
        videos: `label`, `score`, one row a video, and `calibrated` if there is a calibration.
        errors: the expected calibration errors that are known: `""` of the scores, or `before` and `after` calibration.
        prior: the share of fakes that calibrated scores speak of; None without a calibration.
    """
    series = {"": "score"} if prior is None else {"before": "score", "after": "calibrated"}
    marks: list[Mark] = [_PLANE.guide([0, 1], [0, 1])]
    keys: list[Key] = []
    rows: list[list[object]] = []
    said: list[str] = []
    for when, column in series.items():
        colour = MUTED if when == "before" else INK
        bins = reliability(videos[videos[column].notna()], column, prior)
        table = bins.rename(columns={"score": "x", "share": "y", "low": "y_low", "high": "y_high"})
        what = [f"{fakes} of {total}" for fakes, total in zip(bins["fakes"], bins["videos"], strict=True)]
        marks.append(_PLANE.line(table["x"], table["y"], MUTED, strokeWidth=1))
        marks.append(_PLANE.points(table.assign(what=what), colour, {"what:N": "fakes of the videos"}, size=60))
        of = f" {when} calibration" if when else ""
        keys.append(Key(f"videos of about equal score{of}, with 95 % intervals (Wilson)", colour, None))
        rows += [
            [*([when] if when else []), row.score, row.share, row.low, row.high, str(row.videos)]
            for row in bins.itertuples(index=False, name="Bin")
        ]
        if errors.get(when) is not None:
            said.append(f"the expected calibration error{of} is {number(errors[when])}")
    measured = "; ".join(said) or "a bin a dot"
    depends = (
        "The share depends on how many of these videos are fake."
        if prior is None
        else f"The classes count as if {prior:g} of the videos were fake."
    )
    num_lacking = 0 if prior is None else int(videos["calibrated"].isna().sum())
    left_out = f" After calibration {num_lacking} videos without a score are left out." if num_lacking else ""
    heads = [*([] if prior is None else ["calibration"]), "mean score", "share fake", "low", "high", "videos"]
    return Chart(
        name="reliability",
        title="Reliability of the scores",
        says=f"Share of fakes among videos of about equal score, against that score; {measured}.",
        drawing=layered(*marks, height=_HEIGHT),
        keys=keys,
        table=Table(heads, rows),
        note="On the dotted line a score is the probability of being fake that it says. "
        f"{depends} Intervals take videos to be independent.{left_out}",
    )
