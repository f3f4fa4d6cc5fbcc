"""The bands around curves on the page: those of the numbers, over whom they say, and drawn."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.evaluation import Outcome, evaluate_scores
from deepfake.report.page import write_page
from deepfake.report.page.curves import curve_charts
from deepfake.report.page.decisions import decisions_of
from deepfake.report.page.run_files import read_run
from deepfake.report.page.sections import of_all
from deepfake.report.plots import Subject, roc_figure
from deepfake.report.results import draw_videos, write_metrics
from deepfake.report.uncertainty import _bands, _scale, curve_uncertainty
from tests.report.page.test_writing import text_of


def write_people(folder: Path, seed: int) -> Path:
    """Write an evaluation of 60 videos of 15 people."""
    outcome = people_outcome(seed)
    outcome.write(folder)
    data = {"corpus": "tiny", "protocol": "none", "fingerprint": "0", "coverage": {"test": outcome.counts()}}
    facts = {"model": "m", "checkpoint": "c", "trained_on": data, **outcome.facts()}
    write_metrics(folder, outcome.metrics("test"), data, facts)
    return folder


def people_outcome(seed: int) -> Outcome:
    """Return the outcome of 60 videos of 15 people."""
    draw = np.random.default_rng(0)
    label = np.arange(60) % 2
    clips = pd.DataFrame({"video_id": [f"v{i}" for i in range(60)], "label": label, "track": 0, "start": 0})
    clips["method"] = np.where(label == 1, "swap", "real")
    clips["score"] = np.clip(draw.normal(0.4 + 0.2 * label, 0.2), 0, 1)
    clips["person"] = (np.arange(60) // 4).astype(str)
    return evaluate_scores(clips, "exclude", seed, "targets")


@pytest.mark.parametrize("seed", [0, 7])
def test_bands_are_of_the_bootstrap_of_the_numbers(seed: int, tmp_path: Path) -> None:
    run = read_run(write_people(tmp_path, seed))
    assert run.videos is not None and run.seed == seed
    values = of_all(run.numbers)
    sure = curve_uncertainty(run.videos, "targets", run.seed)
    place = int(np.flatnonzero(sure.fprs == 0.1)[0])
    row = values["tpr_at_fpr_0.1"]
    assert (sure.tpr.low[place], sure.tpr.high[place]) == pytest.approx((row["low"], row["high"]), abs=1e-12)
    over = "2000 bootstrap replicates over target people (or source videos); 15 clusters are few"
    text = text_of(write_page(tmp_path))
    assert text.count(over) == 3 and text.count("95 % band of all, over target people") == 3
    for chart in curve_charts(run.videos, values, decisions_of(run.facts), sure):
        spec = chart.spec()
        areas = [layer for layer in spec["layer"] if layer.get("mark", {}).get("type") == "area"]
        assert len(areas) == 1 and {"all", "all, lower end", "all, upper end"} <= {row[0] for row in chart.table.rows}
        assert all(record["low"] <= record["high"] for record in spec["datasets"][areas[0]["data"]["name"]])


def test_the_picture_of_the_roc_has_the_band_of_the_page(tmp_path: Path) -> None:
    outcome = people_outcome(3)
    figure = roc_figure(outcome.drawn, Subject("tiny", "test", "m"), outcome.sure)
    (band,) = figure.axes[0].collections
    run = read_run(write_people(tmp_path, 3))
    assert run.videos is not None
    sure = curve_uncertainty(run.videos, "targets", run.seed)
    chart = curve_charts(run.videos, of_all(run.numbers), decisions_of(run.facts), sure)[0].spec()
    (area,) = [layer for layer in chart["layer"] if layer.get("mark", {}).get("type") == "area"]
    drawn = {(round(x, 9), round(y, 9)) for x, y in band.get_paths()[0].vertices}
    rows = chart["datasets"][area["data"]["name"]]
    assert len(rows) > 20
    assert {(round(row["x"], 9), round(row[end], 9)) for row in rows for end in ("low", "high")} <= drawn
    text = figure.legends[0].get_texts()[-1].get_text()
    assert text == "all: 95 % at each point, over target people (or source videos)"


def test_picture_and_page_share_one_bootstrap(tmp_path: Path) -> None:
    _bands.cache_clear()
    outcome = people_outcome(4)
    draw_videos(tmp_path, Subject("tiny", "test", "m"), outcome.drawn, outcome.sure)
    write_page(write_people(tmp_path, 4))
    assert _bands.cache_info().misses == 1 and _bands.cache_info().hits >= 1


def test_a_perfect_detector_has_no_band_and_says_why(tmp_path: Path) -> None:
    label = np.arange(40) % 2
    videos = pd.DataFrame(
        {"video_id": np.arange(40).astype(str), "label": label, "method": "a", "score": 0.2 + 0.5 * label}
    )
    sure = curve_uncertainty(videos, "people", 0)
    assert not sure.known and sure.said.startswith("There is no band: no replicate differs from the value")
    assert not roc_figure(videos, Subject("tiny", "test", "m"), sure).axes[0].collections
    charts = curve_charts(videos, {}, decisions_of({}), sure)
    assert all(
        layer["mark"]["type"] != "area" for chart in charts for layer in chart.spec()["layer"] if "mark" in layer
    )


def test_scales_have_every_rate_of_few_videos_and_close_ones_at_the_ends_of_many() -> None:
    assert _scale(20).tolist() == [i / 20 for i in range(21)]
    many = _scale(25_000)
    assert (many[0], many[-1]) == (0, 1) and 100 < len(many) < 180 and (np.diff(many) > 0).all()
    assert 1 / 25_000 in many and 0.1 in many
    assert np.allclose(many * 25_000, np.round(many * 25_000))
