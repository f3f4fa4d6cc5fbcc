"""Whether scores can be believed: what share of the videos of a score is fake, before and after calibration."""

import math
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit, logit

from deepfake.metrics.intervals import rate_interval
from deepfake.metrics.weighted import NUM_BINS
from deepfake.ranges import Prior
from deepfake.report.lettering import families
from deepfake.report.palette import INK, UNLABELLED
from deepfake.report.plots import Subject, blank, entitle

_LOOKS: dict[str, dict[str, Any]] = {
    "before": {"color": UNLABELLED, "marker": "o", "markerfacecolor": "white", "linestyle": "--"},
    "after": {"color": INK, "marker": "o", "linestyle": "-"},
}


def reliability(videos: pd.DataFrame, column: str = "score", prior: Prior | None = None) -> pd.DataFrame:
    """Compare scores with what share of the videos that have them is fake, in the bins of the calibration error.

    Args:
        videos: `label` and a column of scores, one row a video.
        column: of the scores.
        prior: the share of fakes that the videos stand for, of which both classes are there then; None for their own.

    Returns:
        `score` (mean in the bin), `share` of fakes with `low` and `high` (Wilson, 95 %), `fakes`, `videos`; a row a bin
        that is not empty. With a prior each class counts as it says in means, shares and their ends.

    Raises:
        ValueError: a score is NaN.
    """
    scores, fake = videos[column].to_numpy(np.float64), videos["label"].to_numpy() == 1
    if np.isnan(scores).any():
        raise ValueError(f"{column} has NaN, which is in no bin")
    fakes = int(fake.sum())
    odds = 0.0 if prior is None else math.log(prior / fakes) - math.log((1 - prior) / (len(fake) - fakes))
    number = np.digitize(scores, np.linspace(0, 1, NUM_BINS + 1)[1:-1])
    weight = np.where(fake, math.exp(odds), 1.0)
    table = pd.DataFrame({"sum": scores * weight, "weight": weight, "fake": fake})
    found = table.groupby(number).agg(
        total=("sum", "sum"), weight=("weight", "sum"), fakes=("fake", "sum"), videos=("fake", "size")
    )
    rows = []
    for each in found.itertuples():
        low, high = rate_interval(int(each.fakes), int(each.videos), 0.95, "wilson")
        shares = np.array([each.fakes / each.videos, low, high])
        if odds:
            shares = expit(logit(shares) + odds)
        rows.append((each.total / each.weight, *shares.tolist(), each.fakes, each.videos))
    return pd.DataFrame(rows, columns=["score", "share", "low", "high", "fakes", "videos"])


def reliability_figure(
    videos: pd.DataFrame, prior: Prior, subject: Subject, numbers: Mapping[str, Mapping[str, float]]
) -> Figure:
    """Plot the share of fakes against the score, before and after calibration.

    Args:
        videos: `label`, `score`, `calibrated`, one row a video; those without a score are counted in the title.
        prior: the share of fakes that calibrated scores speak of.
        subject: what they are of.
        numbers: `before` and `after` -> name -> number, for the legend.
    """
    scored = videos[videos["score"].notna()]
    with matplotlib.rc_context({"font.family": families()}):
        figure, axes = blank(6, 6.9)
        axes.plot([0, 1], [0, 1], color=UNLABELLED, linestyle=":", linewidth=1)
        for (when, look), column in zip(_LOOKS.items(), ("score", "calibrated"), strict=True):
            bins = reliability(scored, column, prior)
            reach = np.abs(bins[["low", "high"]].to_numpy() - bins[["share"]].to_numpy()).T
            text = ", ".join(f"{name.replace('_', '-')} {value:.3f}" for name, value in numbers[when].items())
            axes.errorbar(bins["score"], bins["share"], reach, **look, linewidth=1, capsize=2, label=f"{when}: {text}")
        axes.set_xlabel("score of a video: probability that it is fake")
        axes.set_ylabel(f"share of fakes, if {prior:g} of all files are fake")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        entitle(axes, "Reliability before and after calibration", videos, subject)
        figure.legend(loc="outside lower center", fontsize=8)
    return figure
