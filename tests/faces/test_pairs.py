"""The geometry between a fake and its real."""

import numpy as np
import pandas as pd
from deepfake.faces.pairs import aligned, partners, tracks_of

from deepfake.faces.tracker import smooth
from deepfake.schema import FaceTrack
from deepfake.store import CROP_COLUMNS

LEFT, RIGHT = [0.0, 0.0, 60.0, 60.0], [100.0, 0.0, 140.0, 50.0]


def track(box: list[float], frames: range = range(4)) -> FaceTrack:
    n = len(frames)
    return FaceTrack(np.array(frames), np.array([box] * n, np.float32), np.ones(n), np.zeros((n, 5, 2)))


def test_only_equal_lengths_and_all_but_equal_sizes_are_aligned() -> None:
    assert aligned((40, 240, 320), (40, 244, 316))
    assert not aligned((40, 240, 320), (41, 240, 320))
    assert not aligned((40, 240, 320), (40, 240, 326))


def test_partners_are_one_to_one_and_overlap() -> None:
    reals = [track(LEFT), track(RIGHT)]
    assert partners([track(RIGHT), track(LEFT)], reals) == {0: 1, 1: 0}
    assert partners([track([200, 0, 240, 40]), track(RIGHT), track(LEFT)], reals) == {1: 1, 2: 0}
    assert partners([track(LEFT, range(10, 14))], reals) == {}  # no frame in common


def test_a_stored_box_comes_back_as_it_was() -> None:
    boxes = np.random.default_rng(0).uniform(0, 4000, (5, 4)).astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    face = smooth(boxes)
    row = [0, 0, 3, 0, 0, 9, face.x, face.y, face.width, face.height, 0.9, *range(10)]
    (back,) = tracks_of(pd.DataFrame([row], columns=CROP_COLUMNS))
    assert smooth(back.boxes) == face
    assert back.landmarks[0].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
