"""Linking faces of single frames: worked examples."""

import numpy as np
import pytest

from deepfake.faces.detector import Faces
from deepfake.faces.tracker import Face, box_iou, link, smooth


def at(*boxes: tuple[float, float, float, float]) -> Faces:
    n = len(boxes)
    return Faces(np.array(boxes, np.float32).reshape(n, 4), np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))


def box(x: float, y: float = 0, side: float = 10) -> tuple[float, float, float, float]:
    return x, y, x + side, y + side


def test_iou() -> None:
    a = np.array([[0, 0, 10, 10]], float)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], float)
    assert box_iou(a, b)[0] == pytest.approx([1, 1 / 3, 0])


def test_a_moving_face_is_one_track() -> None:
    (track,) = link(range(5), [at(box(2 * t)) for t in range(5)])
    assert list(track.frames) == [0, 1, 2, 3, 4]
    assert track.boxes[:, 0].tolist() == [0, 2, 4, 6, 8]


def test_two_people_keep_their_own_tracks_whatever_the_order_of_the_detector() -> None:
    tracks = link(range(4), [at(box(0), box(50, side=12)) if t % 2 else at(box(50, side=12), box(0)) for t in range(4)])
    assert [set(track.boxes[:, 0].tolist()) for track in tracks] == [{50}, {0}]  # the larger is the main one


def test_a_face_that_appears_late_and_one_that_leaves() -> None:
    faces = [at(box(0)), at(box(0), box(50)), at(box(50)), at(box(50))]
    tracks = link(range(4), faces)
    assert [list(track.frames) for track in tracks] == [[1, 2, 3], [0, 1]]


def test_a_face_missed_for_a_frame_goes_on_as_the_same_track() -> None:
    (track,) = link(range(4), [at(box(0)), at(), at(box(1)), at(box(2))])
    assert list(track.frames) == [0, 2, 3]


def test_across_segments_less_overlap_is_enough_but_some_is_needed() -> None:
    near = link([0, 1, 50, 51], [at(box(0)), at(box(0)), at(box(7)), at(box(7))])
    far = link([0, 1, 50, 51], [at(box(0)), at(box(0)), at(box(30)), at(box(30))])
    assert [len(track.frames) for track in near] == [4]
    assert [len(track.frames) for track in far] == [2, 2]


def test_no_faces_no_tracks() -> None:
    assert link(range(3), [at(), at(), at()]) == []


def test_one_detection_that_jumps_does_not_move_the_smooth_box() -> None:
    boxes = np.array([box(0), box(1), box(2), box(40)])
    assert smooth(boxes) == Face(6.5, 5, 10, 10)
    assert Face(0, 0, 30, 40).side == 40
