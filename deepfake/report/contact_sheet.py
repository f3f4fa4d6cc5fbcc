"""A picture with a tile for each of many videos, so that a person sees what the finder took for a face."""

import io
import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PIL import Image, ImageDraw

from deepfake.report.lettering import Lettering, drawable
from deepfake.report.palette import INK, PALE, PAPER, of_label

ASPECT = 4 / 3  # width to height of a sheet of many tiles

# In pixels.
SIDE = 160  # side of a face
BORDER = 5  # width of its frame
PAD = 5  # distance from a tile to the edge of its panel
GAP = 8  # distance from one panel to the next
LINE = 17  # distance from one line of small letters to the next
MARGIN = 14  # empty space around the sheet
FRAME = SIDE + 2 * BORDER
CELL_WIDTH = FRAME + 2 * PAD + GAP
CELL_HEIGHT = FRAME + 3 * LINE + 5 + 2 * PAD + GAP
SMALL, LARGE = 13, 20  # heights of letters


@dataclass(frozen=True, slots=True)
class Tile:
    """Describes one video of the sheet.

    Attributes:
        video_id: POSIX path without suffix. Its last part and the rest have a line each.
        label: `real` or `fake`, which is the colour of the frame; anything else is unlabelled.
        image: (S, S, 3) uint8 RGB, of any size; None of a video without a face.
        found: below the name, how sure the finder was.
        trouble: what became of a video without a face, in the place of the face.
        reason: why that is so.
        group: neighbours of one group stand on one panel: a real video and the fakes that were made from it.
    """

    video_id: str
    label: str
    image: np.ndarray | None = None
    found: str = ""
    trouble: str = ""
    reason: str = ""
    group: str = ""


def contact_sheet(tiles: Sequence[Tile], title: str, lines: Sequence[str] = ()) -> Image.Image:
    """Lay out tiles in rows, in the given order; a group that fits into a row is not broken at a row's end.

    Args:
        tiles: one a video.
        title: the line on top.
        lines: what else must be known, below the title; the last line of the head tells the colours of the frames.
    """
    small, large = Lettering(SMALL), Lettering(LARGE)
    title, lines = drawable(title), [drawable(line) for line in lines]
    columns, top = num_columns(len(tiles)), head_height(len(lines))
    places = slots([tile.group for tile in tiles], columns)
    num_rows = places[-1] // columns + 1 if places else 0
    text_width = max([large.length(title), *map(small.length, lines)])
    width = max(columns * CELL_WIDTH - GAP, math.ceil(text_width)) + 2 * MARGIN
    height = top + num_rows * CELL_HEIGHT - GAP + MARGIN
    sheet = Image.new("RGB", (width, max(height, top)), PAPER)
    draw = ImageDraw.Draw(sheet)
    large.write(draw, (MARGIN, MARGIN + LARGE), title, INK)
    for i, line in enumerate(lines):
        small.write(draw, (MARGIN, MARGIN + LARGE + (i + 1) * LINE + 6), line, INK)
    _tell_colours(draw, small, {tile.label for tile in tiles}, top - LINE)
    corners = [corner(place, columns, top) for place in places]
    for i, (tile, at) in enumerate(zip(tiles, corners, strict=True)):
        if tile.group:
            joins = [0 <= j < len(tiles) and tiles[j].group == tile.group for j in (i - 1, i + 1)]  # left, right
            _draw_panel(draw, at, *joins)
    for tile, at in zip(tiles, corners, strict=True):
        _draw_tile(sheet, draw, small, tile, at)
    return sheet


def as_jpeg(sheet: Image.Image) -> bytes:
    """Encode the sheet as the content of a JPEG file."""
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=90, subsampling=0)  # thin coloured frames and small letters
    return buffer.getvalue()


def num_columns(num_tiles: int) -> int:
    """Return the number of columns that gives the sheet its `ASPECT`.

    Example:
        >>> [num_columns(n) for n in (0, 1, 30, 1000)]
        [1, 1, 7, 42]
    """
    return max(1, round(math.sqrt(num_tiles * ASPECT * CELL_HEIGHT / CELL_WIDTH)))


def slots(groups: Sequence[str], columns: int) -> list[int]:
    """Return the place of each tile, counted along the rows; rows may end with empty places.

    Args:
        groups: the group of each tile; neighbours of one group belong together, and those without one do not.
        columns: the number of places in a row.

    Example:
        >>> slots(["a", "a", "b", "b", "c", "", ""], 3)
        [0, 1, 3, 4, 5, 6, 7]
    """
    places: list[int] = []
    for group, members in groupby(groups):
        size, start = len(list(members)), places[-1] + 1 if places else 0
        if group and columns - start % columns < size <= columns:
            start += columns - start % columns
        places += range(start, start + size)
    return places


def head_height(num_lines: int) -> int:
    """Return the distance from the sheet's upper edge to its first panel in pixels.

    Args:
        num_lines: between the title and the line that tells the colours.
    """
    return MARGIN + LARGE + (num_lines + 2) * LINE + 6


def corner(index: int, columns: int, top: int) -> tuple[int, int]:
    """Return left and top of a tile's frame in pixels; tiles are counted along the rows.

    Example:
        >>> corner(0, 7, 100), corner(8, 7, 100)
        ((19, 105), (207, 349))
    """
    row, column = divmod(index, columns)
    return MARGIN + PAD + column * CELL_WIDTH, top + PAD + row * CELL_HEIGHT


def _tell_colours(draw: ImageDraw.ImageDraw, letters: Lettering, labels: Set[str], baseline: int) -> None:
    x = float(MARGIN)
    meanings = {label: label for label in ("real", "fake") if label in labels}
    if labels - meanings.keys():
        meanings[""] = "unlabelled"
    for label, meaning in meanings.items():
        draw.rectangle((x, baseline - 11, x + 11, baseline), fill=of_label(label))
        letters.write(draw, (x + 17, baseline), meaning, INK)
        x += 17 + letters.length(meaning) + 20


def _draw_panel(draw: ImageDraw.ImageDraw, at: tuple[int, int], joins_left: bool, joins_right: bool) -> None:
    if joins_left or joins_right:
        left = at[0] - PAD - (GAP // 2 if joins_left else 0)
        right = at[0] + FRAME + PAD - 1 + (GAP // 2 if joins_right else 0)
        draw.rectangle((left, at[1] - PAD, right, at[1] + CELL_HEIGHT - GAP - PAD - 1), fill=PALE)


def _draw_tile(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, letters: Lettering, tile: Tile, at: tuple[int, int]
) -> None:
    left, top = at
    middle = left + FRAME / 2
    draw.rectangle((left, top, left + FRAME - 1, top + FRAME - 1), fill=of_label(tile.label))
    if tile.image is not None:
        face = Image.fromarray(tile.image).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(face, (left + BORDER, top + BORDER))
    else:
        draw.rectangle((left + BORDER, top + BORDER, left + FRAME - BORDER - 1, top + FRAME - BORDER - 1), fill=PAPER)
        words = [drawable(tile.trouble), "", *_wrapped(drawable(tile.reason), letters, SIDE - 8, 5)]
        for i, line in enumerate(words):
            letters.write(draw, (middle, top + BORDER + 40 + i * LINE), line, INK, "m")
    folder, slash, name = drawable(tile.video_id).rpartition("/")
    captions = [letters.fitted(folder + slash, FRAME, head_share=0)] if folder else []
    captions += [letters.fitted(name, FRAME), letters.fitted(drawable(tile.found), FRAME)]
    for i, line in enumerate(captions):
        letters.write(draw, (middle, top + FRAME + (i + 1) * LINE), line, INK, "m")


def _wrapped(text: str, letters: Lettering, width: int, most: int) -> list[str]:
    """Break a text into at most so many lines of this width in pixels; a longer text ends in an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        if lines and letters.length(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(letters.fitted(word, width))
    if len(lines) > most:
        lines[most - 1] = letters.fitted(f"{lines[most - 1]} …", width)
    return lines[:most]
