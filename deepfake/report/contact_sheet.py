"""A picture of many faces at once, the least certain first, so that a person sees what a finder took for a face."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepfake.names import shown

MAX_FACES = 1000
ASPECT = 4 / 3  # width to height of a sheet of many faces

# In pixels.
SIDE = 96  # of a thumbnail
BORDER = 4
GAP = 10
LINE = 14  # from one line of a caption to the next
CELL_WIDTH = SIDE + 2 * BORDER
CELL_HEIGHT = CELL_WIDTH + 3 + 2 * LINE
TITLE_HEIGHT = 40

COLOURS = {"real": (31, 119, 180), "fake": (255, 127, 14)}
UNLABELLED = (150, 150, 150)
PAPER, INK = (255, 255, 255), (40, 40, 40)


@dataclass(frozen=True, slots=True)
class SheetFace:
    """One face of the sheet.

    Attributes:
        image: (S, S, 3) uint8 RGB, of any size.
        caption: two lines; what is too long for the cell loses its middle.
        score: the finder's confidence that this is a face, in [0, 1].
        label: `real` or `fake`; anything else is unlabelled.
    """

    image: np.ndarray
    caption: tuple[str, str]
    score: float
    label: str

    @classmethod
    def of(cls, image: np.ndarray, video_id: str, score: float, label: str = "") -> "SheetFace":
        """With the usual caption: the video, then label and score."""
        return cls(image, (video_id, f"{label} {score:.2f}".strip()), score, label)


def contact_sheet(faces: Sequence[SheetFace], title: str, num_faces: int | None = None) -> Image.Image:
    """Draw faces in rows, lowest score first, framed by their label.

    Args:
        faces: one a video; of more than `MAX_FACES`, those with the highest scores are left out, and the title says so.
        title: the line on top.
        num_faces: how many there are, if `faces` are those with the lowest scores alone.
    """
    least = sorted(faces, key=lambda face: face.score)[:MAX_FACES]
    num_faces = len(faces) if num_faces is None else num_faces
    if len(least) < num_faces:
        title = f"{title}: the {len(least)} lowest of {num_faces}"
    title = shown(title)
    small, large = ImageFont.load_default(size=11), ImageFont.load_default(size=18)
    columns = num_columns(len(least))
    width = max(GAP + columns * (CELL_WIDTH + GAP), math.ceil(large.getlength(title)) + 2 * GAP)
    height = TITLE_HEIGHT + math.ceil(len(least) / columns) * (CELL_HEIGHT + GAP)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, TITLE_HEIGHT // 2), title, fill=INK, font=large, anchor="lm")
    for i, face in enumerate(least):
        left, top = corner(i, columns)
        frame = (left, top, left + CELL_WIDTH - 1, top + CELL_WIDTH - 1)
        draw.rectangle(frame, fill=COLOURS.get(face.label, UNLABELLED))
        sheet.paste(_thumbnail(face.image), (left + BORDER, top + BORDER))
        for j, line in enumerate(face.caption):
            at = (left + CELL_WIDTH // 2, top + CELL_WIDTH + 3 + j * LINE)
            draw.text(at, shorten(shown(line), CELL_WIDTH, small), fill=INK, font=small, anchor="ma")
    return sheet


def as_jpeg(sheet: Image.Image) -> bytes:
    """The sheet as a file's content."""
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=90, subsampling=0)  # thin coloured frames and small letters
    return buffer.getvalue()


def num_columns(num_faces: int) -> int:
    """As many as give the sheet its `ASPECT`.

    Example:
        >>> [num_columns(n) for n in (0, 1, 30, 1000)]
        [1, 1, 7, 41]
    """
    return max(1, round(math.sqrt(num_faces * ASPECT * (CELL_HEIGHT + GAP) / (CELL_WIDTH + GAP))))


def corner(index: int, columns: int) -> tuple[int, int]:
    """Left and top of a cell, in pixels, counted along the rows.

    Example:
        >>> corner(0, 7), corner(8, 7)
        ((10, 40), (124, 185))
    """
    row, column = divmod(index, columns)
    return GAP + column * (CELL_WIDTH + GAP), TITLE_HEIGHT + row * (CELL_HEIGHT + GAP)


def shorten(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Take characters out of the middle until the text fits.

    Args:
        text: one line.
        width: in pixels.
        font: that it is drawn with.
    """
    kept, short = len(text), text
    while font.getlength(short) > width and kept > 2:
        kept -= 1
        tail = kept // 2
        short = f"{text[: kept - tail]}…{text[len(text) - tail :]}"
    return short


def _thumbnail(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
