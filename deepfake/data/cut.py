"""The cut a model asks for, out of a stored crop: which pixels, and their size. Pure."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import Tensor
from torchvision.transforms.v2.functional import resize

from deepfake.errors import StoreError


def cut_box(
    square: Sequence[float] | np.ndarray,
    face: Sequence[float] | np.ndarray,
    image_size: int,
    margin: float,
    shape: Literal["square", "box"],
) -> tuple[int, int, int, int]:
    """Where in a stored image the cut around a face lies.

    Args:
        square: left, top, side of what was stored, in pixels of the frame.
        face: centre x, centre y, width, height of the face's box, in pixels of the frame.
        image_size: side of the stored image; smaller than the square's where it was shrunk.
        margin: wanted sides, as a multiple of the box's.
        shape: `square` around the longer side of the box, or the `box` itself.

    Returns:
        left, top, width, height in pixels of the stored image, inside it.

    Example:
        >>> cut_box((67, 47, 66), (100, 80, 40, 50), 66, margin=1.0, shape="square")
        (8, 8, 50, 50)
        >>> cut_box((67, 47, 66), (100, 80, 40, 50), 66, margin=1.0, shape="box")
        (13, 8, 40, 50)
    """
    x, y, side = square
    face_x, face_y, face_width, face_height = face
    scale = image_size / side
    sides = (face_width, face_height) if shape == "box" else (max(face_width, face_height),) * 2
    width, height = (min(round(length * margin * scale), image_size) for length in sides)
    left = round((face_x - sides[0] * margin / 2 - x) * scale)
    top = round((face_y - sides[1] * margin / 2 - y) * scale)
    return max(0, min(left, image_size - width)), max(0, min(top, image_size - height)), width, height


def cut(image: Tensor, left: int, top: int, width: int, height: int, size: int) -> Tensor:
    """(3, H, W) uint8 -> (3, size, size) uint8, antialiased."""
    return resize(image[:, top : top + height, left : left + width], [size, size], antialias=True)


def check_margin(wanted: float, stored: float) -> None:
    """A model cannot see more context than was stored.

    Raises:
        StoreError: it wants to.
    """
    if wanted > stored:
        raise StoreError(
            f"the model wants a margin of {wanted} times the face box and the face store holds {stored}: "
            f"extract again with faces.margin={wanted}, or use model.margin={stored}"
        )
