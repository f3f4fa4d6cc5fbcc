"""The page's charts as pictures: whole ones, with their key and what they are of, and none that tells of a video."""

import io
import logging
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfake.report.page import content_beside
from deepfake.report.page.chart import BAND, DIAMOND, Axis, Chart, Key, Plane, Table, layered
from deepfake.report.page.look import INK, LIGHT, REAL_INK
from deepfake.report.page.pictures import Shared, chart_png, shared_content
from tests.report.page.runs import IMAGE, learnt_elsewhere, write_evaluation
from tests.report.page.test_browser import CHARTS, OF_BANDS


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return shared_content(write_evaluation(tmp_path_factory.mktemp("pictures") / "run", learnt_elsewhere()))


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB")).reshape(-1, 3)


def count(png: bytes, variable: str) -> int:
    """The number of pixels of a colour of the light theme."""
    colour = LIGHT[re.sub(r"var\((.*)\)", r"\1", variable)]
    return int((pixels(png) == [int(colour[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=1).sum())


def test_every_chart_and_table_of_the_page_is_there(shared: Shared) -> None:
    names = {name: f"{'val' if name.startswith('learning') else 'test'}/{name}" for name in [*CHARTS, *OF_BANDS]}
    assert sorted(shared.pictures) == sorted(names.values())
    assert {*shared.tables} == {"test/decisions", "test/bands"}
    for key, table in shared.tables.items():
        assert len({*table.heads}) == len(table.heads) and {len(row) for row in table.rows} == {len(table.heads)}, key
    for key, (png, caption) in shared.pictures.items():
        with Image.open(io.BytesIO(png)) as picture:
            assert picture.format == "PNG" and picture.width > 900 and 300 < picture.height < 1600, key
        assert len(png) < 500_000 and len(caption) > 30 and count(png, "--ink") > 100, key
    assert "2000 bootstrap replicates over videos" in shared.pictures["test/roc"].caption
    assert IMAGE not in str(shared.tables) and IMAGE not in str([each.caption for each in shared.pictures.values()])


def test_a_key_is_drawn_with_its_marks() -> None:
    plane = Plane(Axis("x"), Axis("y"))

    def png(*keys: Key) -> bytes:
        drawing = layered(plane.line([0, 1], [0, 1], INK), height=100)
        return chart_png(Chart("a", "A", "It rises.", drawing, keys, Table(["x"], [])), "of nothing")

    heights = {}
    for number in (0, 1, 4):
        with Image.open(io.BytesIO(png(*[Key("line", REAL_INK)] * number))) as picture:
            heights[number] = picture.height
    assert heights[0] < heights[1] < heights[4]
    assert count(png(), REAL_INK) == 0
    line, dot, diamond = (count(png(Key("one", REAL_INK, look)), REAL_INK) for look in ("", None, DIAMOND))
    assert min(line, dot, diamond) > 20 and count(png(Key("one", REAL_INK, "2 3")), REAL_INK) < line
    pale = png(Key("one", REAL_INK, BAND))
    assert count(pale, REAL_INK) == 0 and len(np.unique(pixels(pale), axis=0)) > len(np.unique(pixels(png()), axis=0))


def test_charts_that_cannot_be_made_are_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert content_beside(tmp_path) is None
    assert "could not be made (ConfigError" in caplog.text
