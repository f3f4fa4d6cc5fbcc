"""Pictures of a test, drawn from the scores of its videos."""

import io
from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("Agg")  # no screen is needed, and none is looked for

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torchmetrics.functional.classification import binary_auroc, binary_roc

from deepfake.atomic import write_atomic
from deepfake.names import shown

LONGEST = 32  # letters of a method's name in a legend
REAL, FAKE = "tab:blue", "tab:red"


def roc_figure(videos: pd.DataFrame) -> Figure:
    """The ROC at video level, all methods together and each against the reals.

    Args:
        videos: `label`, `method`, `score`, one row a video, both classes.
    """
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    fakes = videos[videos["label"] == 1]
    reals = videos[videos["label"] == 0]
    groups = [("all", fakes), *fakes.groupby("method")] if fakes["method"].nunique() > 1 else [("all", fakes)]
    for name, group in groups:
        table = pd.concat([reals, group])
        score, label = torch.tensor(table["score"].to_numpy()), torch.tensor(table["label"].to_numpy())
        false_alarm, hit, _ = binary_roc(score, label)
        method = shown(name) if len(name) <= LONGEST else f"{shown(name[: LONGEST - 1])}…"
        method = method.replace("$", r"\$").lstrip("_")  # matplotlib takes these for a formula, and for no label
        text = f"{method}: AUC {binary_auroc(score, label):.3f} ({len(reals)} real, {len(group)} fake)"
        axes.plot(false_alarm, hit, label=text, linewidth=2.5 if name == "all" else 1.2)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    axes.set(
        xlabel="reals called fake", ylabel="fakes called fake", xlim=(-0.01, 1), ylim=(0, 1.01), title="ROC, videos"
    )
    axes.set_aspect("equal")
    axes.legend(loc="lower right", fontsize=8)
    return figure


def score_figure(videos: pd.DataFrame) -> Figure:
    """Histogram of the videos' scores, by class.

    Args:
        videos: `label`, `score`, one row a video.
    """
    figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
    for label, name, colour in ((0, "real", REAL), (1, "fake", FAKE)):
        scores = videos.loc[videos["label"] == label, "score"]
        axes.hist(scores, bins=20, range=(0, 1), alpha=0.6, color=colour, label=f"{name} ({len(scores)})")
    axes.set(xlabel="score, P(fake)", ylabel="videos", xlim=(0, 1), title="Scores, videos")
    axes.legend()
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG and close the figure."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    plt.close(figure)
    write_atomic(path, content.getbuffer())
    return path
