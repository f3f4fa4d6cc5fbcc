"""Plots of a test, made from the scores of its videos."""

import io
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import pandas as pd
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torchmetrics.functional.classification import binary_auroc, binary_roc

from deepfake.atomic import write_atomic
from deepfake.report.lettering import drawable, families, shorten
from deepfake.report.palette import BAND_OPACITY, FAKE, INK, REAL, UNLABELLED, of_method
from deepfake.report.uncertainty import Uncertainty

LONGEST = 32  # longest name in letters; a longer one is shortened
FEW = 30  # with this many videos or fewer, every threshold of a ROC is marked
_DASHES = ("-", (0, (6, 4)), (0, (2, 3)), (0, (6, 3, 1.5, 3)), (0, (10, 6)), (0, (4, 3, 1, 3, 1, 3)))
_MARKERS = "osD^vPX"
_BAND: dict[str, Any] = {"color": FAKE, "alpha": BAND_OPACITY, "linewidth": 0, "zorder": 0}


class Subject(NamedTuple):
    """Names what a plot shows.

    Attributes:
        corpus: whose videos were scored.
        split: of the corpus.
        model: that scored them.
        aggregate: how the clips of a video became its score, see `deepfake.scoring`; empty if scores are of videos.
    """

    corpus: str
    split: str
    model: str
    aggregate: str = ""


def roc_figure(videos: pd.DataFrame, subject: Subject, sure: Uncertainty | None = None) -> Figure:
    """Plot the ROC at video level, of all methods together and of each method against the reals.

    There is a step a video, as every score is a threshold; videos of equal scores make a slope. Curves that lie on each
    other stay visible: each is thinner than the one below it and has dashes of its own, through which the others show.

    Args:
        videos: `label`, `method`, `score`, one row a video.
        subject: what they are of.
        sure: the band around the curve of all; without it there is none.
    """
    scored = videos[videos["score"].notna()]
    fakes, reals = scored[scored["label"] == 1], scored[scored["label"] == 0]
    groups = list(fakes.groupby("method")) if fakes["method"].nunique() > 1 else []
    with matplotlib.rc_context({"font.family": families()}):
        figure, axes = blank(6, 6.9 + 0.17 * (len(groups) + (sure is not None and sure.known)))
        axes.plot([0, 1], [0, 1], color=UNLABELLED, linestyle=":", linewidth=1)
        labels = []
        if len(reals) and len(fakes):
            labels.append(_draw_roc(axes, "all", reals, fakes, color=FAKE, linewidth=5 if groups else 2))
            for i, (method, group) in enumerate(groups):
                width = 3.2 - 1.8 * i / max(1, len(groups) - 1)
                look = {"linestyle": _DASHES[i % len(_DASHES)], "marker": _MARKERS[i % len(_MARKERS)]}
                labels.append(
                    _draw_roc(axes, str(method), reals, group, color=of_method(str(method)), linewidth=width, **look)
                )
        else:
            axes.text(0.5, 0.9, "There is no ROC of one class alone.", ha="center", color=INK)
        axes.set_xlabel("false alarms: share of real videos called fake")
        axes.set_ylabel("hits: share of fake videos called fake")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        entitle(axes, "ROC by video", videos, subject)
        if labels:
            handles: list[Artist] = [*axes.lines[1:]]
            if sure and sure.known:
                band = axes.fill_between(sure.fprs, sure.tpr.low, sure.tpr.high, step="post", **_BAND)
                handles, labels = [*handles, band], [*labels, f"all: 95 % at each point, over {sure.over}"]
            legend = figure.legend(handles, map(str, range(len(handles))), loc="outside lower center", fontsize=8)
            for text, label in zip(legend.get_texts(), labels, strict=True):
                text.set(text=label, parse_math=False)
    return figure


def _draw_roc(axes: Axes, name: str, reals: pd.DataFrame, fakes: pd.DataFrame, **look: object) -> str:
    """Plot one curve, and return its line of the legend."""
    table = pd.concat([reals, fakes])
    score, label = torch.tensor(table["score"].to_numpy()), torch.tensor(table["label"].to_numpy())
    false_alarm, hit, _ = binary_roc(score, label)
    if len(table) > FEW:
        look["marker"] = ""
    axes.plot(false_alarm, hit, markersize=4, **look)  # type: ignore[arg-type]
    text = f"AUC {binary_auroc(score, label):.3f} ({len(reals)} real, {len(fakes)} fake)"
    return f"{_brief(name)}: {text}"


def score_figure(videos: pd.DataFrame, subject: Subject) -> Figure:
    """Plot a histogram of the videos' scores, with the two classes side by side.

    Args:
        videos: `label`, `score`, one row a video.
        subject: what they are of.
    """
    scored = videos[videos["score"].notna()]
    scores = [scored.loc[scored["label"] == label, "score"] for label in (0, 1)]
    names = [f"{name} ({len(values)})" for name, values in zip(("real", "fake"), scores, strict=True)]
    with matplotlib.rc_context({"font.family": families()}):
        figure, axes = blank(6, 4)
        axes.hist(scores, bins=20, range=(0, 1), rwidth=0.9, color=[REAL, FAKE], label=names)
        axes.set(xlabel="score of a video: probability that it is fake", ylabel="number of videos", xlim=(0, 1))
        axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        entitle(axes, "Scores by video", videos, subject)
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes.

    It is no figure of pyplot, which would look for a screen, and keep every figure until it is closed.

    Args:
        width: in inches.
        height: in inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def entitle(axes: Axes, what: str, videos: pd.DataFrame, subject: Subject) -> None:
    """Set the title: the data, the model, the number of videos of each class, and how they were scored.

    Args:
        axes: what is drawn on.
        what: the picture, in a few words.
        videos: `label`, `score`, one row a video.
        subject: what they are of.
    """
    corpus, model = _brief(subject.corpus), _brief(subject.model, 2 * LONGEST)
    real, fake = (int((videos["label"] == label).sum()) for label in (0, 1))
    unscored = int(videos["score"].isna().sum())
    counts = f"{real} real and {fake} fake videos" + (f", {unscored} without a score" if unscored else "")
    lines = f"{what}: {corpus}, {subject.split} split\nmodel {model}\n{counts}{scored_by(subject.aggregate)}"
    axes.set_title(lines, loc="left", fontsize=10).set_parse_math(False)


def scored_by(aggregate: str) -> str:
    """Return what names the way from clips to a video's score in a title, as the option of that name.

    Example:
        >>> scored_by("top_3"), scored_by("")
        (' (aggregate=top_3)', '')
    """
    return f" (aggregate={aggregate})" if aggregate else ""


def _brief(name: str, longest: int = LONGEST) -> str:
    return shorten(drawable(name), lambda text: len(text) <= longest)


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_atomic(path, content.getbuffer())
    return path
