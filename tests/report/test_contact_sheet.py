"""The picture of many videos."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ImageColor import getrgb

from deepfake.report.contact_sheet import (
    BORDER,
    FRAME,
    GAP,
    PAD,
    SIDE,
    Tile,
    as_jpeg,
    contact_sheet,
    corner,
    head_height,
    num_columns,
)
from deepfake.report.lettering import Lettering
from deepfake.report.palette import PALE, PAPER, of_label


@pytest.fixture
def greys() -> list[np.ndarray]:
    """Images of many sizes, each of one grey: 0, 10, 20, ..."""
    return [np.full((16 + 20 * i, 16 + 20 * i, 3), 10 * i, np.uint8) for i in range(20)]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, float, float]]:
    """Every line that is drawn: the text, its left and right end and its baseline."""
    lines = []
    write = Lettering.write

    def spy(self: Lettering, draw: object, at: tuple[float, float], text: str, fill: str, align: str = "l") -> None:
        left = at[0] - (self.length(text) / 2 if align == "m" else 0)
        lines.append((text, left, left + self.length(text), at[1]))
        write(self, draw, at, text, fill, align)  # type: ignore[arg-type]

    monkeypatch.setattr(Lettering, "write", spy)
    return lines


def pixel(sheet: Image.Image, index: int, num_tiles: int, dx: int, dy: int) -> object:
    """A pixel of a tile, counted from the corner of its frame."""
    left, top = corner(index, num_columns(num_tiles), head_height(0))
    return sheet.getpixel((left + dx, top + dy))


def test_tiles_stand_in_their_order_and_the_frame_tells_the_label(greys: list[np.ndarray]) -> None:
    labels = ["real", "fake", ""]
    sheet = contact_sheet([Tile(f"id{i}", labels[i % 3], image) for i, image in enumerate(greys)], "faces")
    for i in range(20):
        assert pixel(sheet, i, 20, 1, 1) == getrgb(of_label(labels[i % 3]))
        assert pixel(sheet, i, 20, FRAME // 2, FRAME // 2) == (10 * i,) * 3


def test_a_video_without_a_face_is_an_empty_frame_that_says_why(
    written: list[tuple[str, float, float, float]],
) -> None:
    tile = Tile("real/a", "real", trouble="no face", reason="no face was found in the 32 frames that were looked at")
    sheet = contact_sheet([tile], "faces")
    assert pixel(sheet, 0, 1, 1, 1) == getrgb(of_label("real"))
    assert pixel(sheet, 0, 1, BORDER + 2, BORDER + 2) == getrgb(PAPER)
    texts = [line[0] for line in written]
    assert "no face" in texts and "real/" in texts and "a" in texts
    assert " ".join(texts[texts.index("no face") + 2 : texts.index("real/")]) == tile.reason


def test_the_caption_has_folder_name_and_how_sure_the_finder_was(
    greys: list[np.ndarray], written: list[tuple[str, float, float, float]]
) -> None:
    contact_sheet([Tile("sequences/Deepfakes/c23/videos/000_003", "fake", greys[3], "found 0.98")], "faces")
    folder, name, found = [line[0] for line in written[-3:]]
    assert folder.startswith("…") and folder.endswith("/c23/videos/")
    assert (name, found) == ("000_003", "found 0.98")


def test_the_head_names_what_the_colours_mean(
    greys: list[np.ndarray], written: list[tuple[str, float, float, float]]
) -> None:
    contact_sheet([Tile("a", "fake", greys[0]), Tile("b", "real", greys[0])], "Faces of demo", ["2 videos"])
    assert [line[0] for line in written[:4]] == ["Faces of demo", "2 videos", "real", "fake"]
    contact_sheet([Tile("a", "", greys[0])], "Faces of demo")
    assert [line[0] for line in written if line[0] == "unlabelled"]


def test_no_text_leaves_its_tile_or_the_sheet(
    greys: list[np.ndarray], written: list[tuple[str, float, float, float]]
) -> None:
    long = "\u00e9\u00e8" * 200
    tiles = [
        Tile(f"{long}/{long}", "real", greys[2], long),
        Tile(f"{long}/{long}", "fake", trouble="unreadable", reason=f"{long} " + "many short words " * 30),
    ]
    sheet = contact_sheet(tiles, "faces", ["a line that is longer than two tiles are wide " * 4])
    columns = num_columns(2)
    heads, captions = written[:4], written[4:]
    assert all(left >= 0 and right <= sheet.width for _, left, right, _ in heads)
    for i, own in enumerate((captions[:3], captions[3:])):
        left, top = corner(i, columns, head_height(1))
        assert all(left <= start and end <= left + FRAME + 1 and top < y < sheet.height for _, start, end, y in own)
    inside = [y for text, _, _, y in captions[3:-3] if text]
    assert max(inside) < top + FRAME - BORDER


def test_a_group_stands_on_one_panel(greys: list[np.ndarray]) -> None:
    groups = ["a", "a", "b", "c", "c"]
    sheet = contact_sheet([Tile(f"id{i}", "real", greys[0], group=group) for i, group in enumerate(groups)], "faces")
    columns = num_columns(5)
    assert columns == 3
    between = [pixel(sheet, i, 5, FRAME + PAD + GAP // 2 - 1, FRAME // 2) for i in (0, 1, 3)]
    assert between == [getrgb(PALE), getrgb(PAPER), getrgb(PALE)]
    assert pixel(sheet, 2, 5, -2, 10) == getrgb(PAPER)  # alone in its group


@pytest.mark.parametrize("num_tiles", [20, 60, 1000])
def test_many_tiles_make_a_sheet_of_four_to_three(num_tiles: int) -> None:
    last_left, last_top = corner(num_tiles - 1, columns := num_columns(num_tiles), 0)
    width = corner(columns - 1, columns, 0)[0]
    assert 1.1 < width / last_top < 1.7 and last_left <= width


def test_one_tile_or_none_have_a_head_that_fits(greys: list[np.ndarray]) -> None:
    empty = contact_sheet([], "Faces of a corpus with no video at all")
    one = contact_sheet([Tile("a", "real", greys[0])], "Faces of a corpus with no video at all")
    assert empty.width == one.width and one.height > empty.height + SIDE


def test_a_sheet_is_saved_as_one_jpeg(greys: list[np.ndarray], tmp_path: Path) -> None:
    sheet = contact_sheet([Tile("a", "", greys[3])], "faces")
    path = tmp_path / "sheets.jpg"
    path.write_bytes(as_jpeg(sheet))
    with Image.open(path) as image:
        assert image.format == "JPEG" and image.size == sheet.size
