"""Boxes, tracklets and people as numbers."""

import numpy as np
import pytest

from deepfake.faces.tracklet import Box, Person, Tracklet, box_iou, joined, smooth


def tracklet(left: float, side: float, *frames: int) -> Tracklet:
    n = len(frames)
    box = np.array([[left, 0, left + side, side]] * n, np.float32)
    return Tracklet(np.array(frames), box, np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))


def test_iou() -> None:
    a = np.array([[0, 0, 10, 10]], float)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], float)
    assert box_iou(a, b)[0] == pytest.approx([1, 1 / 3, 0])


def test_boxes_without_an_area_or_none_at_all_overlap_nothing() -> None:
    point, none = np.array([[3, 3, 3, 3]], np.float32), np.zeros((0, 4), np.float32)
    assert box_iou(point, point).tolist() == [[0]]
    assert box_iou(none, point).shape == (0, 1) and box_iou(point, none).shape == (1, 0)
    point.flags.writeable = False  # as arrays out of shared memory may be
    assert box_iou(point, point).dtype == np.float32


def test_the_area_of_a_person_counts_size_and_duration() -> None:
    assert Person([tracklet(0, 10, 0, 1), tracklet(5, 10, 7)]).area == 300
    assert Person([tracklet(0, 20, 0)]).area == 400


def test_one_detection_that_jumps_does_not_move_the_smooth_box() -> None:
    boxes = np.concatenate([tracklet(left, 10, 0).boxes for left in (0, 1, 2, 40)])
    assert smooth(boxes) == Box(6.5, 5, 10, 10)
    assert Box(0, 0, 30, 40).side == 40


def test_tracklets_are_joined_in_the_order_of_time() -> None:
    whole = joined([tracklet(0, 10, 0, 1), tracklet(5, 10, 3)])
    assert whole.frames.tolist() == [0, 1, 3] and whole.boxes[:, 0].tolist() == [0, 0, 5]
    assert whole.looks is None and whole.seen is None
