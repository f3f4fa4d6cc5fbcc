"""The chart of a test of robustness: what is drawn where, and what is said of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from deepfake.distort.catalogue import KINDS
from deepfake.report.plots import Subject, save
from deepfake.report.robustness_figure import robustness_figure

SUBJECT = Subject("demo", "test", "meso4, trained on demo")
VIDEOS = pd.DataFrame({"label": [0, 0, 1, 1, 1], "score": [0.1, 0.2, 0.7, 0.8, 0.9]})


def table_of(*rows: tuple[str, int | None, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["type", "level", "video_auc", "trained_with"])
    return table.astype({"level": "Int64"})


def lines(figure: Figure) -> dict[str, object]:
    return {str(line.get_label()): line for line in figure.axes[0].lines}


def test_each_type_is_a_line_over_its_levels_beside_clean_and_chance(tmp_path: Path) -> None:
    rows = [("clean", None, 0.9, ""), ("GB", 1, 0.8, "blur"), ("GB", 5, 0.6, "blur"), ("CS", 1, 0.85, "")]
    figure = robustness_figure(table_of(*rows, ("mix_3", None, 0.55, "unknown")), VIDEOS, SUBJECT)
    drawn = lines(figure)
    assert {*drawn} >= {"chance", "clean: 0.900", "GB, mean: 0.700, trained with blur", "CS: 0.850", "mix_3: 0.550"}
    assert np.array_equal(np.array(drawn["GB, mean: 0.700, trained with blur"].get_data(), float), [[1, 5], [0.8, 0.6]])
    assert [*drawn["chance"].get_ydata()] == [0.5, 0.5]
    assert np.array_equal(np.array(drawn["mix_3: 0.550"].get_data(), float), [[6], [0.55]])
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert ticks == ["clean", "1", "5", "mix_3"]
    title = figure.axes[0].get_title(loc="left")
    assert title == "AUC under distortion: demo, test split\nmodel meso4, trained on demo\n2 real and 3 fake videos"
    assert save(figure, tmp_path / "a.png").stat().st_size > 10_000


def test_intervals_are_bars_at_their_dots_and_types_stand_beside_each_other() -> None:
    rows = [("clean", None, 0.9, ""), ("GB", 1, 0.8, ""), ("CS", 1, 0.85, ""), ("mix_3", None, 0.55, "")]
    table = table_of(*rows)
    table = table.assign(video_auc_low=table["video_auc"] - 0.3, video_auc_high=table["video_auc"] + 0.05)
    table.loc[1, ["video_auc_low", "video_auc_high"]] = np.nan
    figure = robustness_figure(table, VIDEOS, SUBJECT)
    bars = [part.get_segments()[0] for part in figure.axes[0].collections if len(part.get_segments()[0])]
    found = sorted((round(float(x), 2), round(float(low), 2), round(float(high), 2)) for (x, low), (_, high) in bars)
    assert [each for each in found if not np.isnan(each[1])] == [(0, 0.6, 0.95), (1.04, 0.55, 0.9), (2, 0.25, 0.6)]
    assert [float(lines(figure)[name].get_xdata()[0]) for name in ("GB: 0.800", "CS: 0.850")] == [0.96, 1.04]
    assert figure.axes[0].get_ylim()[0] < 0.25 and "95 % intervals" in figure.axes[0].get_ylabel()


def test_a_type_that_was_trained_with_has_hollow_marks() -> None:
    rows = [("clean", None, 0.9, ""), ("GB", 1, 0.8, "blur"), ("CS", 1, 0.85, ""), ("CC", 1, 0.7, "unknown")]
    drawn = lines(robustness_figure(table_of(*rows), VIDEOS, SUBJECT))
    hollow = {name: line.get_markerfacecolor() == "none" for name, line in drawn.items() if ":" in name}
    assert {name for name, is_hollow in hollow.items() if is_hollow} == {"GB: 0.800, trained with blur"}


def test_twelve_types_look_different() -> None:
    rows = [(kind, level, 0.5, "") for kind in KINDS for level in (1, 2)]
    drawn = lines(robustness_figure(table_of(("clean", None, 0.9, ""), *rows), VIDEOS, SUBJECT))
    looks = {(line.get_color(), line.get_marker()) for line in drawn.values() if line.get_marker() not in ("None", "")}
    assert len(looks) == 1 + len(KINDS)


@pytest.mark.parametrize("auc", [0.0, 1.0, float("nan")])
def test_a_set_alone_and_any_auc_can_be_drawn(auc: float, tmp_path: Path) -> None:
    table = table_of(("clean", None, auc, ""), ("random_level", None, auc, ""))
    figure = robustness_figure(table, VIDEOS, SUBJECT)
    low, high = figure.axes[0].get_ylim()
    assert low < 0.5 < high and (np.isnan(auc) or low < auc < high)
    assert save(figure, tmp_path / "a.png").stat().st_size > 5_000


@pytest.mark.parametrize("seen", ["", "jpeg", "brightness,contrast,saturation"])
def test_the_legend_lies_within_the_picture_however_much_was_trained_with(seen: str) -> None:
    rows = [(kind, level, 0.5, seen) for kind in KINDS for level in (1, 2)]
    table = table_of(("clean", None, 0.9, ""), *rows, ("random_level", None, 0.5, seen), ("mix_3", None, 0.5, seen))
    figure = robustness_figure(table, VIDEOS, SUBJECT)
    figure.draw_without_rendering()
    legend, axes = figure.legends[0].get_window_extent(), figure.axes[0].get_window_extent()
    assert legend.x0 >= 0 and legend.x1 <= figure.bbox.width and legend.y0 >= 0 and legend.y1 <= axes.y0
    assert axes.height > 0.4 * figure.bbox.height
