"""Changes of colour against loops in NumPy and against other libraries."""

import colorsys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from deepfake.distort.tone import (
    banding,
    brightness,
    gamma,
    hue_saturation,
    linear,
    moire,
    saturation,
    shift_rgb,
    vignetting,
)


def pixels(frames: Tensor) -> np.ndarray:
    return frames.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("factor", [0.4, 0.1, 0.0])
def test_saturation_scales_the_chroma_that_pillow_sees(factor: float, scene: Tensor) -> None:
    out = saturation(scene, factor)
    for before, after in zip(pixels(scene), pixels(out), strict=True):
        then, now = (np.asarray(Image.fromarray(p).convert("YCbCr")).astype(float) for p in (before, after))
        assert np.abs(now[..., 0] - then[..., 0]).max() <= 1.5
        assert np.abs((now[..., 1:] - 128) - (then[..., 1:] - 128) * factor).max() <= 2


def test_values_are_scaled_and_shifted(scene: Tensor) -> None:
    plain = scene.numpy().astype(np.float64)
    assert np.abs(brightness(scene, 0.6).numpy() - plain * 0.6).max() <= 0.501
    assert np.abs(linear(scene, 1.2, -0.1).numpy() - np.clip(plain * 1.2 - 25.5, 0, 255)).max() <= 0.501
    shifted = shift_rgb(scene, 20, -20, 0).numpy()
    expected = np.clip(plain + np.array([20, -20, 0])[:, None, None], 0, 255)
    assert np.array_equal(shifted, expected)


def test_gamma_is_a_power(scene: Tensor) -> None:
    expected = 255 * (scene.numpy() / 255.0) ** 1.7
    assert np.abs(gamma(scene, 1.7).numpy() - expected).max() <= 1


def test_hue_turns_as_in_the_standard_library(scene: Tensor) -> None:
    small = scene[:1, :, ::16, ::16]
    out = pixels(hue_saturation(small, 0.25, 1.0))[0] / 255
    for before, after in zip(pixels(small)[0].reshape(-1, 3) / 255, out.reshape(-1, 3), strict=True):
        hue, share, value = colorsys.rgb_to_hsv(*before)
        assert np.abs(np.array(colorsys.hsv_to_rgb((hue + 0.25) % 1, share, value)) - after).max() < 0.03


def test_banding_leaves_so_many_levels_black_and_white_among_them() -> None:
    ramp = torch.arange(256, dtype=torch.uint8).expand(1, 3, 2, 256)
    assert banding(ramp, 4).unique().tolist() == [0, 85, 170, 255]
    assert (banding(ramp, 4).int() - ramp.int()).abs().max() <= 43


def test_vignetting_keeps_the_centre_and_darkens_corners_by_the_strength() -> None:
    out = vignetting(torch.full((2, 3, 65, 33), 200, dtype=torch.uint8), 0.5)
    assert out[0, 0, 32, 16] == 200 and out[0, 0, 0, 0] == out[1, 2, -1, -1] == 100
    assert out[0, 0, 32, 0] == 150  # halfway to a corner, by squares


def test_moire_has_stripes_of_the_period_and_no_more_than_the_strength() -> None:
    out = moire(torch.full((1, 3, 64, 128), 100, dtype=torch.uint8), 0.2, 8.0, 0.0).float()
    assert 80 <= out.min() < 85 and 115 < out.max() <= 120
    spectrum = torch.fft.rfft(out[0, 0] - out[0, 0].mean(), dim=1).abs().sum(0)
    # The product of the gratings has the sum and the difference of their frequencies, 1/8 and nearly 1/32 a pixel.
    assert {int(i) for i in spectrum.topk(2).indices} <= {11, 12, 13, 19, 20, 21}
    assert not torch.equal(out[0, 0], out[0, 1])
