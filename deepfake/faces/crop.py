"""Square crops of a frame: their region and their pixels. Pure functions."""

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True, slots=True)
class Region:
    """A square in a frame, in whole pixels; it may extend beyond the border.

    Attributes:
        x: left column.
        y: top row.
        size: side in pixels.
    """

    x: int
    y: int
    size: int


def region(centre_x: float, centre_y: float, side: float, margin: float) -> Region:
    """The square of side `margin * side` around a centre, rounded outwards to whole pixels.

    Example:
        >>> region(100.0, 80.0, 50.0, 1.3)
        Region(x=67, y=47, size=66)
    """
    half = side * margin / 2
    x, y = int(np.floor(centre_x - half)), int(np.floor(centre_y - half))
    size = int(np.ceil(max(centre_x + half - x, centre_y + half - y)))
    return Region(x, y, size)


def crop(frame: np.ndarray, where: Region, max_size: int) -> np.ndarray:
    """Cut a region out of a frame.

    Pixels outside the frame repeat its border, since a black bar would add an edge that the face does not have.

    Args:
        frame: (H, W, 3) uint8.
        where: the region to cut out.
        max_size: a larger region is shrunk to this many pixels a side.

    Returns:
        (S, S, 3) uint8, S = min(where.size, max_size).
    """
    bottom, right = where.y + where.size, where.x + where.size
    if where.y >= 0 and bottom <= frame.shape[0] and where.x >= 0 and right <= frame.shape[1]:
        pixels = np.ascontiguousarray(frame[where.y : bottom, where.x : right])  # 70 times as fast as indexing
    else:
        rows = np.arange(where.y, bottom).clip(0, frame.shape[0] - 1)
        columns = np.arange(where.x, right).clip(0, frame.shape[1] - 1)
        pixels = frame[rows[:, None], columns]
    if where.size <= max_size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((max_size, max_size), Image.Resampling.LANCZOS))
