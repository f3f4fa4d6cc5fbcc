"""Whether two boxes hold the same picture."""

import numpy as np
import pytest

from deepfake.faces.looks import looks, thumbnail


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    """(120, 160, 3): coarse random patches, as smooth as a face is."""
    coarse = np.random.default_rng(0).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    return coarse.repeat(10, axis=0).repeat(10, axis=1)


def test_the_same_place_looks_alike_and_another_does_not(frame: np.ndarray) -> None:
    here, nearby, elsewhere = looks(frame, np.array([[20, 20, 80, 80], [21, 20, 81, 81], [90, 40, 150, 100]], float))
    assert here @ here == pytest.approx(1)
    assert here @ nearby > 0.9
    assert here @ elsewhere < 0.5


def test_light_and_contrast_do_not_count(frame: np.ndarray) -> None:
    darker = (frame * 0.5 + 20).astype(np.uint8)
    assert thumbnail(frame[:60, :60]) @ thumbnail(darker[:60, :60]) > 0.99


def test_a_box_over_the_border_and_a_flat_picture_have_looks(frame: np.ndarray) -> None:
    assert np.isfinite(looks(frame, np.array([[-30, -30, 30, 30]], float))).all()
    assert np.abs(thumbnail(np.full((20, 20, 3), 7, np.uint8))).max() == 0


def test_no_boxes_no_looks(frame: np.ndarray) -> None:
    assert looks(frame, np.zeros((0, 4))).shape == (0, 256)
