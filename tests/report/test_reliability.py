"""The shares of a reliability diagram, whose classes count as they are or as a prior says, and its picture."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepfake.metrics import measure_probabilities
from deepfake.report.plots import Subject
from deepfake.report.reliability import reliability
from deepfake.report.results import draw_reliability
from tests.calibration.drawn import drawn_videos


@pytest.fixture
def videos() -> pd.DataFrame:
    score, label, _ = drawn_videos(40, 160)
    return pd.DataFrame({"label": label, "score": score, "calibrated": score**2})


@pytest.mark.parametrize("column", ["score", "calibrated"])
def test_shares_are_those_of_a_plain_loop_over_weighed_videos(videos: pd.DataFrame, column: str) -> None:
    weight = np.where(videos["label"] == 1, 0.3 / 160, 0.7 / 40)
    rows = reliability(videos, column, 0.3)
    assert rows["videos"].sum() == 200 and rows["fakes"].sum() == 160
    filled, error = 0, 0.0
    for i in range(15):
        inside = np.minimum((videos[column] * 15).astype(int), 14).to_numpy() == i
        if inside.any():
            row = rows.iloc[filled]
            assert row["share"] == pytest.approx(np.average(videos["label"][inside], weights=weight[inside]))
            assert row["score"] == pytest.approx(np.average(videos[column][inside], weights=weight[inside]))
            assert row["low"] <= row["share"] + 1e-12 and row["share"] <= row["high"] + 1e-12
            error += weight[inside].sum() * abs(row["share"] - row["score"])
            filled += 1
    ece = measure_probabilities(videos[column], videos["label"], 0.3, replicates=2)["ece"].value
    assert filled == len(rows) and error == pytest.approx(ece)


def test_the_share_of_the_videos_themselves_changes_nothing(videos: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(reliability(videos), reliability(videos, "score", 0.8))


def test_a_picture_is_drawn_if_there_is_something_to_compare(videos: pd.DataFrame, tmp_path: Path) -> None:
    subject, numbers = Subject("a_$b", "val", "meso4"), {"before": {"ece": 0.2}, "after": {"ece": 0.1}}
    with_gap = pd.concat([videos, pd.DataFrame({"label": [0], "score": [np.nan], "calibrated": [np.nan]})])
    found = draw_reliability(tmp_path, subject, with_gap, 0.5, numbers)
    with Image.open(found["reliability"]) as image:
        assert image.size[0] > 500 and len(image.convert("L").getcolors(256) or []) > 10
    assert draw_reliability(tmp_path, subject, videos, 0.5, None) == {}
