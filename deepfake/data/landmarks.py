"""Five landmarks of each frame of clips, in pixels of the cut, for augmentations that need to know where a face is."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from deepfake.errors import StoreError
from deepfake.schema import ClipSpec
from deepfake.store import LANDMARKS, SQUARE


def cut_landmarks(
    columns: Mapping[str, np.ndarray], rows: np.ndarray, side: np.ndarray, box: np.ndarray, spec: ClipSpec
) -> Tensor:
    """Follow the landmarks of crops into their cuts.

    Args:
        columns: `LANDMARKS` and `SQUARE`, of all crops, in pixels of the frame.
        rows: (N,) the crops in question.
        side: (N,) side of each stored image.
        box: (N, 4) left, top, width, height of each cut, in pixels of the stored image.
        spec: the spec of the cut.

    Returns:
        (N, 5, 2) float32, x and y; the centre of the first pixel is 0.

    Raises:
        StoreError: a crop has no landmarks.
    """
    # A column at a time: all of them in double precision would take five times as much memory as the result.
    found = np.empty((len(rows), 5, 2), np.float32)
    for i, name in enumerate(LANDMARKS):
        axis = i % 2
        in_image = (columns[name][rows] - columns[SQUARE[axis]][rows]) * (side / columns["size"][rows])
        found[:, i // 2, axis] = (in_image - box[:, axis]) * (spec.size / box[:, 2 + axis]) - 0.5
    columns_of = np.stack([columns[name][rows] for name in LANDMARKS[:2]])
    if missing := int(((columns_of == 0).all(0) | ~np.isfinite(found).all((1, 2))).sum()):
        raise StoreError(
            f"{missing:,} of {len(rows):,} crops have no landmarks, which this augmentation needs: extract the faces "
            "again with a finder that gives them, or use augment=basic"
        )
    return torch.from_numpy(found)
