"""Pictures of maps and differences, and the choice of frames."""

import matplotlib as mpl
import numpy as np
import pytest

from deepfake.explain import exaggerated_difference, overlay, suspicious_frames


def test_an_overlay_leaves_the_crop_where_the_map_is_0_and_shows_the_brightest_colour_at_1() -> None:
    crop = np.full((4, 4, 3), 100, np.uint8)
    heat_map = np.zeros((4, 4))
    heat_map[1, 2] = 1
    shown = np.asarray(overlay(crop, heat_map))
    brightest = np.array(mpl.colormaps["inferno"].colors[-1]) * 255
    assert np.abs(shown[1, 2] - (0.4 * 100 + 0.6 * brightest)).max() <= 0.5
    shown = shown.copy()
    shown[1, 2] = 100
    assert (shown == crop).all()


def test_a_difference_is_enlarged_around_grey_and_clipped() -> None:
    real = np.full((1, 3, 3), 50, np.uint8)
    fake = real + np.array([[[0], [2], [100]]], np.uint8)
    assert np.asarray(exaggerated_difference(fake, real))[0, :, 0].tolist() == [128, 144, 255]
    assert np.asarray(exaggerated_difference(real, fake, gain=2))[0, :, 0].tolist() == [128, 124, 0]
    with pytest.raises(ValueError, match="cut both alike"):
        exaggerated_difference(fake, real[:, :2])


@pytest.mark.parametrize("num_frames", range(9))
def test_no_frame_is_both_most_and_least_suspicious(num_frames: int) -> None:
    scores = np.random.default_rng(num_frames).permutation(num_frames) / 10
    most, least = suspicious_frames(scores)
    ranked = sorted(range(num_frames), key=lambda frame: -scores[frame])
    assert most.tolist() == ranked[: len(most)] and least.tolist() == ranked[::-1][: len(least)]
    assert not set(most) & set(least) and len(most) + len(least) == min(num_frames, 6)
