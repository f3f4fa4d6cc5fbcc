"""The picture of many faces."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from deepfake.report import contact_sheet as module
from deepfake.report.contact_sheet import (
    BORDER,
    COLOURS,
    MAX_FACES,
    UNLABELLED,
    SheetFace,
    as_jpeg,
    contact_sheet,
    corner,
    num_columns,
    shorten,
)


@pytest.fixture
def greys() -> list[np.ndarray]:
    """Images of many sizes, each of one grey: 0, 10, 20, ..."""
    return [np.full((16 + 20 * i, 16 + 20 * i, 3), 10 * i, np.uint8) for i in range(20)]


def cell(sheet: Image.Image, index: int, columns: int) -> tuple[object, object]:
    """The colour of a cell's frame, and of its face."""
    left, top = corner(index, columns)
    return sheet.getpixel((left + 1, top + 1)), sheet.getpixel((left + BORDER + 40, top + BORDER + 40))


def test_the_lowest_score_comes_first_and_the_frame_tells_the_label(greys: list[np.ndarray]) -> None:
    labels = ["real", "fake", ""]
    faces = [SheetFace.of(image, f"id{i}", 1 - i / 20, labels[i % 3]) for i, image in enumerate(greys)]
    sheet = contact_sheet(faces, "faces")
    colours = [COLOURS["real"], COLOURS["fake"], UNLABELLED]
    for i in range(20):
        face = 19 - i
        assert cell(sheet, i, num_columns(20)) == (colours[face % 3], (10 * face,) * 3)


def test_of_too_many_the_lowest_are_drawn_and_the_title_says_so(
    greys: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_FACES == 1000
    monkeypatch.setattr(module, "MAX_FACES", 4)
    faces = [SheetFace.of(image, "a", 1 - i / 20) for i, image in enumerate(greys)]
    kept = contact_sheet(faces[-4:], "faces: the 4 lowest of 20")
    assert contact_sheet(faces, "faces").tobytes() == kept.tobytes()
    assert contact_sheet(faces[-4:], "faces").tobytes() != kept.tobytes()


@pytest.mark.parametrize(("num_faces", "size"), [(0, (124, 40)), (1, (124, 185)), (20, (694, 620)), (60, (1150, 910))])
def test_many_faces_make_a_sheet_of_four_to_three(
    greys: list[np.ndarray], num_faces: int, size: tuple[int, int]
) -> None:
    faces = [SheetFace.of(greys[0], "a", 0.5, "real")] * num_faces
    assert contact_sheet(faces, "faces").size == size


def test_a_usual_caption_names_video_label_and_score() -> None:
    assert SheetFace.of(np.zeros((1, 1, 3), np.uint8), "Celeb-real/id0", 0.934, "fake").caption == (
        "Celeb-real/id0",
        "fake 0.93",
    )
    assert SheetFace.of(np.zeros((1, 1, 3), np.uint8), "unseen", 0.5).caption == ("unseen", "0.50")


def test_a_long_name_loses_its_middle() -> None:
    font = ImageFont.load_default(size=11)
    short = shorten("Celeb-synthesis/id10_id11_0003", 104, font)
    head, tail = short.split("…")
    assert "Celeb-synthesis/id10_id11_0003".startswith(head) and tail.endswith("_0003")
    assert 90 < font.getlength(short) <= 104
    assert shorten("clip_3", 104, font) == "clip_3"


def test_a_sheet_is_saved_as_one_jpeg(greys: list[np.ndarray], tmp_path: Path) -> None:
    sheet = contact_sheet([SheetFace.of(greys[3], "a", 0.5)], "faces")
    path = tmp_path / "sheets.jpg"
    path.write_bytes(as_jpeg(sheet))
    with Image.open(path) as image:
        assert image.format == "JPEG" and image.size == sheet.size
    assert not list(tmp_path.glob(".*"))
