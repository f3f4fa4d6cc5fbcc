"""Compute the cut that a model asks for from a stored crop: which pixels, and at what size. All functions are pure."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2.functional import resize

from deepfake.errors import StoreError


def cut_boxes(
    square: np.ndarray, face: np.ndarray, image_size: np.ndarray, margin: float, shape: Literal["square", "box"]
) -> np.ndarray:
    """Return the places in stored images of the cuts around their faces.

    Args:
        square: (N, 3) left, top, side of the stored square, in pixels of the frame.
        face: (N, 4) centre x, centre y, width, height of the face's box, in pixels of the frame.
        image_size: (N,) side of the stored image; smaller than the square's side if it was shrunk.
        margin: sides of the cut as a multiple of the box's sides.
        shape: `square` around the longer side of the box, or the `box` itself.

    Returns:
        (N, 4) int16: left, top, width, height in pixels of the stored image, inside it.

    Example:
        >>> square, face, size = np.array([[67, 47, 66]]), np.array([[100, 80, 40, 50]]), np.array([66])
        >>> cut_boxes(square, face, size, margin=1.0, shape="square")
        array([[ 8,  8, 50, 50]], dtype=int16)
        >>> cut_boxes(square, face, size, margin=1.0, shape="box")
        array([[13,  8, 40, 50]], dtype=int16)
    """
    square, face, limit = square.astype(np.float64), face.astype(np.float64), image_size.astype(np.float64)[:, None]
    scale = limit / square[:, 2:]
    sides = face[:, 2:] if shape == "box" else np.repeat(face[:, 2:].max(1, keepdims=True), 2, axis=1)
    extent = np.minimum(np.rint(sides * margin * scale), limit)  # rint rounds halves to even, as Python does
    corner = np.rint((face[:, :2] - sides * margin / 2 - square[:, :2]) * scale)
    return np.concatenate([np.maximum(0, np.minimum(corner, limit - extent)), extent], axis=1).astype(np.int16)


def cut(images: Tensor, left: int, top: int, width: int, height: int, size: int) -> Tensor:
    """Cut and resize images: (..., 3, H, W) uint8 -> (..., 3, size, size) uint8, antialiased."""
    return resize(images[..., top : top + height, left : left + width], [size, size], antialias=True)


def cut_window(images: Sequence[np.ndarray], boxes: np.ndarray, size: int) -> Tensor:
    """Cut the frames of a clip, in one call if all have the same box, as in nearly every window.

    Args:
        images: T images, each (H, W, 3) uint8.
        boxes: (T, 4) left, top, width, height of each cut.
        size: side of the result in pixels.

    Returns:
        (T, 3, size, size) uint8.
    """
    pixels = [image[y : y + h, x : x + w] for image, (x, y, w, h) in zip(images, boxes.tolist(), strict=True)]
    if len({piece.shape for piece in pixels}) == 1:
        stacked = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        return resize(stacked, [size, size], antialias=True).contiguous()
    return torch.cat([cut_window([image], box[None], size) for image, box in zip(images, boxes, strict=True)])


def check_margin(wanted: float, stored: float) -> None:
    """Stop if a model wants more context than was stored.

    Raises:
        StoreError: the wanted margin is larger than the stored one.
    """
    if wanted > stored:
        raise StoreError(
            f"the model needs a margin of {wanted} times the face box, but the face store holds {stored}: "
            f"extract again with faces.margin={wanted}, or use model.margin={stored}"
        )
