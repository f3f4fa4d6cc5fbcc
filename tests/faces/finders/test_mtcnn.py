"""MTCNN on a drawn face, at the places where we adapt it."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfake.errors import MissingPackageError
from deepfake.faces.finders.mtcnn import Mtcnn
from deepfake.faces.tracklet import box_iou
from deepfake.video.door import read


@pytest.fixture(scope="module")
def frames(demo_root: Path) -> np.ndarray:
    return read(demo_root / "real" / "p00_a.mp4", [0, 5, 10])


def test_it_finds_the_one_face_in_every_frame(frames: np.ndarray) -> None:
    found = Mtcnn(min_face_size=40).find(frames)
    assert [len(faces) for faces in found] == [1, 1, 1]
    assert min(faces.scores[0] for faces in found) > 0.9
    assert found[0].landmarks.shape == (1, 5, 2)
    left, right, nose, *mouth = found[0].landmarks[0]
    assert left[0] < nose[0] < right[0] and max(left[1], right[1]) < nose[1] < mouth[0][1]


def test_frames_without_a_face_are_empty_also_among_others(frames: np.ndarray) -> None:
    grey = np.full_like(frames[:1], 128)
    found = Mtcnn(min_face_size=40, batch_size=2).find(np.concatenate([grey, frames[:1], grey]))
    assert [len(faces) for faces in found] == [0, 1, 0]


def test_boxes_come_back_in_the_pixels_of_a_frame_that_was_shrunk(frames: np.ndarray) -> None:
    large = frames[:1].repeat(4, axis=1).repeat(4, axis=2)
    whole, shrunk = (
        Mtcnn(min_face_size=40).find(frames[:1])[0],
        Mtcnn(min_face_size=40, max_size=320).find(large)[0],
    )
    assert box_iou(whole.boxes * 4, shrunk.boxes)[0, 0] > 0.85


def test_frames_smaller_than_any_face_have_none() -> None:
    found = Mtcnn(min_face_size=40).find(np.zeros((2, 32, 200, 3), np.uint8))
    assert [len(faces) for faces in found] == [0, 0]


@pytest.mark.parametrize("asked", [Mtcnn, lambda: Mtcnn.weights_source.files])
def test_without_its_package_it_says_what_to_type(asked: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "facenet_pytorch", None)
    with pytest.raises(MissingPackageError, match=r"^faces=mtcnn needs .*: pip install --no-deps facenet-pytorch, or "):
        asked()
