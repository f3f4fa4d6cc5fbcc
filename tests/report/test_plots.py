"""Pictures of a test."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from deepfake.report.palette import FAKE, REAL, of_method
from deepfake.report.plots import Subject, roc_figure, save, score_figure

SUBJECT = Subject("demo", "test", "meso4_lstm")


@pytest.fixture
def videos() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [0, 0, 1, 1, 1],
            "method": ["real", "real", "swap", "swap", "reenact"],
            "score": [0.1, 0.6, 0.9, 0.5, 0.7],
        }
    )


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_roc_names_each_method_with_its_auc_against_all_reals(videos: pd.DataFrame) -> None:
    figure = roc_figure(videos, SUBJECT)
    assert legend(figure) == [
        "all: AUC 0.833 (2 real, 3 fake)",
        "reenact: AUC 1.000 (2 real, 1 fake)",
        "swap: AUC 0.750 (2 real, 2 fake)",
    ]
    x, y = figure.axes[0].lines[1].get_data()
    assert np.trapezoid(y, x) == pytest.approx(5 / 6)


def test_a_roc_of_scores_that_differ_goes_in_steps(videos: pd.DataFrame) -> None:
    for line in roc_figure(videos, SUBJECT).axes[0].lines[1:]:
        x, y = np.diff(line.get_xdata()), np.diff(line.get_ydata())
        assert ((x == 0) | (y == 0)).all()


def test_every_method_has_the_colour_of_its_name_and_all_that_of_fakes(videos: pd.DataFrame) -> None:
    for shown in (videos, videos.assign(method=videos["method"].replace("reenact", "another"))):
        lines = roc_figure(shown, SUBJECT).axes[0].lines[1:]
        names = sorted(set(shown["method"]) - {"real"})
        assert [to_hex(line.get_color()).upper() for line in lines] == [FAKE, *map(of_method, names)]


def test_curves_that_are_the_same_are_all_seen(videos: pd.DataFrame, tmp_path: Path) -> None:
    methods = ["Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"]
    rows = [(0, "real", 0.1 + i / 1000) for i in range(40)]
    rows += [(1, method, 0.9 + i / 1000) for method in methods for i in range(40)]
    figure = roc_figure(pd.DataFrame(rows, columns=["label", "method", "score"]), SUBJECT)
    figure.legends[0].remove()
    with Image.open(save(figure, tmp_path / "roc.png")) as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in (FAKE, *map(of_method, methods)):
        own = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        assert (np.abs(pixels - own).max(axis=1) < 20).sum() > 100, colour


@pytest.mark.parametrize("draw", [roc_figure, score_figure])
def test_a_picture_names_data_model_and_counts_and_its_axes(draw: object, videos: pd.DataFrame) -> None:
    axes = draw(videos, SUBJECT).axes[0]  # type: ignore[operator]
    what, model, counts = axes.get_title(loc="left").split("\n")
    assert what.endswith("by video: demo, test split")
    assert (model, counts) == ("model meso4_lstm", "2 real and 3 fake videos")
    assert "video" in axes.get_xlabel() and "videos" in axes.get_ylabel()


@pytest.mark.parametrize("draw", [roc_figure, score_figure])
def test_a_picture_names_the_way_from_clips_to_scores(draw: object, videos: pd.DataFrame) -> None:
    holed = videos.assign(score=[0.1, 0.6, 0.9, np.nan, 0.7])
    title = draw(holed, SUBJECT._replace(aggregate="top_3")).axes[0].get_title(loc="left")  # type: ignore[operator]
    assert title.endswith("2 real and 3 fake videos, 1 without a score (aggregate=top_3)")


def test_the_histogram_counts_every_video_once(videos: pd.DataFrame, tmp_path: Path) -> None:
    figure = score_figure(videos, SUBJECT)
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert sum(heights) == len(videos)
    with Image.open(save(figure, tmp_path / "scores.png")) as image:
        assert image.size == (720, 480)


def test_the_classes_stand_side_by_side(videos: pd.DataFrame) -> None:
    same = videos.assign(score=0.52)
    bars = [bar for bar in score_figure(same, SUBJECT).axes[0].patches if bar.get_height()]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [REAL, FAKE]
    assert bars[0].get_x() + bars[0].get_width() <= bars[1].get_x() + 1e-9


@pytest.mark.parametrize("copies", [1, 7, 300])
def test_counts_have_whole_numbers(copies: int, videos: pd.DataFrame) -> None:
    figure = score_figure(pd.concat([videos] * copies), SUBJECT)
    figure.draw_without_rendering()
    ticks = figure.axes[0].get_yticks()
    assert len(ticks) >= 2 and (ticks == ticks.astype(int)).all()


def test_videos_without_a_score_are_counted_and_left_out(videos: pd.DataFrame, tmp_path: Path) -> None:
    holed = videos.assign(score=[0.1, np.nan, 0.9, np.nan, 0.7])
    scores, roc = score_figure(holed, SUBJECT), roc_figure(holed, SUBJECT)
    for figure in (scores, roc):
        assert figure.axes[0].get_title(loc="left").endswith("2 real and 3 fake videos, 2 without a score")
        save(figure, tmp_path / "picture.png")
    assert sum(patch.get_height() for patch in scores.axes[0].patches) == 3
    assert legend(roc)[0] == "all: AUC 1.000 (1 real, 2 fake)"


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone(label: int, videos: pd.DataFrame, tmp_path: Path) -> None:
    alone = videos[videos["label"] == label]
    roc = roc_figure(alone, SUBJECT)
    assert [text.get_text() for text in roc.axes[0].texts] == ["There is no ROC of one class alone."]
    assert legend(score_figure(alone, SUBJECT)) == [f"real ({2 - 2 * label})", f"fake ({3 * label})"]
    save(roc, tmp_path / "roc.png")


def test_names_are_not_taken_for_formulas_and_keep_their_end(videos: pd.DataFrame, tmp_path: Path) -> None:
    odd = videos.assign(method=["real", "real", "$x^{$", "_hidden", "long" * 20 + "_the_end"])
    figure = roc_figure(odd, Subject("$a_b^{$", "test", "_m$"))
    names = [text.split(": AUC")[0] for text in legend(figure)]
    assert names[:3] == ["all", "$x^{$", "_hidden"] and names[3].endswith("_the_end") and len(names[3]) == 32
    assert figure.axes[0].get_title(loc="left").startswith("ROC by video: $a_b^{$, test split\nmodel _m$\n")
    save(figure, tmp_path / "roc.png")


@pytest.mark.parametrize("num_methods", [1, 3, 12])
def test_title_axes_and_legend_do_not_overlap(num_methods: int) -> None:
    rows = [(0, "real", 0.1), (0, "real", 0.2), *((1, f"method {i}", 0.3 + i / 100) for i in range(num_methods))]
    figure = roc_figure(pd.DataFrame(rows, columns=["label", "method", "score"]), SUBJECT)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    whole = axes.get_tightbbox()
    assert whole.y1 <= figure.bbox.y1 and whole.x0 >= 0 and whole.x1 <= figure.bbox.x1
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.y0 <= box.y0 and box.y1 <= whole.y0 and box.x0 >= 0 and box.x1 <= figure.bbox.x1


@pytest.mark.parametrize("draw", [roc_figure, score_figure])
def test_any_number_of_pictures_is_drawn_and_none_is_kept(draw: object, videos: pd.DataFrame) -> None:
    open_before = pyplot.get_fignums()
    for _ in range(21):  # with the 21st, pyplot would warn of too many
        draw(videos, SUBJECT)  # type: ignore[operator]
    assert pyplot.get_fignums() == open_before
