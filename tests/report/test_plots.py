"""Pictures of a test."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepfake.report.plots import roc_figure, save, score_figure


@pytest.fixture
def videos() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [0, 0, 1, 1, 1],
            "method": ["real", "real", "swap", "swap", "reenact"],
            "score": [0.1, 0.6, 0.9, 0.5, 0.7],
        }
    )


def test_the_roc_names_each_method_with_its_auc_against_all_reals(videos: pd.DataFrame) -> None:
    figure = roc_figure(videos)
    lines = {line.get_label().split(":")[0]: line for line in figure.axes[0].lines}
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == [
        "all: AUC 0.833 (2 real, 3 fake)",
        "reenact: AUC 1.000 (2 real, 1 fake)",
        "swap: AUC 0.750 (2 real, 2 fake)",
    ]
    x, y = lines["all"].get_data()
    assert np.trapezoid(y, x) == pytest.approx(5 / 6)


def test_the_histogram_counts_every_video_once(videos: pd.DataFrame, tmp_path: Path) -> None:
    figure = score_figure(videos)
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert sum(heights) == len(videos)
    with Image.open(save(figure, tmp_path / "scores.png")) as image:
        assert image.size == (600, 360)
