"""Square crops."""

import numpy as np
import pytest

from deepfake.faces.crop import Region, crop, region


@pytest.fixture
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)


@pytest.mark.parametrize(("x", "y", "side", "margin"), [(30, 20, 10, 1.3), (30.4, 19.7, 9.3, 2.0), (0, 0, 10, 1.0)])
def test_the_region_holds_the_whole_square_and_little_more(x: float, y: float, side: float, margin: float) -> None:
    where, half = region(x, y, side, margin), side * margin / 2
    assert where.x <= x - half and where.y <= y - half
    assert where.x + where.size >= x + half and where.y + where.size >= y + half
    assert where.size <= side * margin + 2


def test_inside_the_frame_it_is_those_pixels(frame: np.ndarray) -> None:
    assert np.array_equal(crop(frame, Region(5, 7, 20), 512), frame[7:27, 5:25])


def test_outside_it_repeats_the_border(frame: np.ndarray) -> None:
    pixels = crop(frame, Region(-5, -5, 20), 512)
    assert pixels.shape == (20, 20, 3)
    assert np.array_equal(pixels[5:, 5:], frame[:15, :15])
    assert (pixels[0] == pixels[5]).all() and (pixels[:, 0] == pixels[:, 5]).all()


def test_a_large_region_is_shrunk(frame: np.ndarray) -> None:
    assert crop(frame, Region(0, 0, 40), 16).shape == (16, 16, 3)
