"""Compares the boxes that two finders found in the same frames. Pure functions."""

from collections.abc import Mapping

import numpy as np

from deepfake.faces.tracklet import box_iou

Boxes = Mapping[tuple[str, int], np.ndarray]  # (video_id, frame) -> (N, 4) x0, y0, x1, y1 in pixels of the frame


def count_boxes(boxes: Boxes) -> int:
    return sum(map(len, boxes.values()))


def share_found(wanted: Boxes, found: Boxes, min_iou: float = 0.5) -> float | None:
    """Return the share of the wanted boxes that a found box in the same frame overlaps by at least `min_iou`.

    Returns:
        In [0, 1]; None if no box is wanted.

    Example:
        >>> box = np.array([[0, 0, 10, 10]])
        >>> share_found({("a", 0): box, ("a", 1): box}, {("a", 0): box + 2, ("a", 1): box + 5, ("b", 1): box})
        0.0
        >>> share_found({("a", 0): box, ("a", 1): box}, {("a", 0): box + 1, ("a", 1): box + 5})
        0.5
    """
    hits = sum(
        int((box_iou(boxes, found[key]).max(axis=1) >= min_iou).sum())
        for key, boxes in wanted.items()
        if len(boxes) and len(found.get(key, ()))
    )
    total = count_boxes(wanted)
    return hits / total if total else None
