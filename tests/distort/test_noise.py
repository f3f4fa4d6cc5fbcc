"""Noise has the variance that was asked for, and blocks are where and as many as they should be."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from deepfake.distort.noise import blocks, gaussian_noise, salt_and_pepper, speckle, ycbcr_noise

Seeded = Callable[[int], Generator]


@pytest.fixture
def grey() -> Tensor:
    return torch.full((3, 3, 160, 160), 128, dtype=torch.uint8)


@pytest.mark.parametrize("deviation", [0.02, 0.1])
def test_gaussian_noise_has_its_deviation(deviation: float, grey: Tensor, seed: Seeded) -> None:
    noise = (gaussian_noise(grey, deviation, seed(0)).double() - 128) / 255
    assert abs(noise.mean()) < 0.001 and noise.std() == pytest.approx(deviation, rel=0.02)
    assert not torch.equal(noise[0], noise[1])


@pytest.mark.parametrize("variance", [0.001, 0.005])
def test_noise_in_ycbcr_has_its_variance_there_in_the_range_of_video(
    variance: float, grey: Tensor, seed: Seeded
) -> None:
    red, green, blue = ycbcr_noise(grey, variance, seed(0)).double().unbind(1)
    # ITU-R BT.601 in the range of video, from 8-bit RGB to values in [0, 1].
    y = (65.481 * red + 128.553 * green + 24.966 * blue) / 255 / 255
    cb = (-37.797 * red - 74.203 * green + 112 * blue) / 255 / 255
    cr = (112 * red - 93.786 * green - 18.214 * blue) / 255 / 255
    for channel in (y, cb, cr):
        assert channel.var() == pytest.approx(variance, rel=0.04)
    assert np.corrcoef(y.flatten(), cr.flatten())[0, 1] == pytest.approx(0, abs=0.02)


def test_level_one_of_deeperforensics_is_as_loud_as_measured_on_real_frames(
    grey: Tensor, seed: Seeded, decibels: Callable[[Tensor, Tensor], float]
) -> None:
    assert decibels(grey, ycbcr_noise(grey, 0.001, seed(0))) == pytest.approx(24.6, abs=0.6)


def test_speckle_grows_with_the_value(seed: Seeded) -> None:
    dark, bright = (torch.full((1, 3, 100, 100), value, dtype=torch.uint8) for value in (40, 120))
    spread = [speckle(frames, 0.1, seed(0)).double().std() for frames in (dark, bright)]
    assert spread[0] == pytest.approx(4, rel=0.05) and spread[1] == pytest.approx(12, rel=0.05)


def test_salt_and_pepper_hit_their_share_in_all_channels_at_once(grey: Tensor, seed: Seeded) -> None:
    out = salt_and_pepper(grey, 0.1, seed(0))
    hit = out != 128
    assert torch.equal(hit[:, 0], hit[:, 1]) and hit.double().mean() == pytest.approx(0.1, abs=0.01)
    assert (out == 255).double().mean() == pytest.approx(0.05, abs=0.006)


def test_blocks_are_grey_squares_in_new_places_as_many_as_a_large_frame_asks_for(seed: Seeded) -> None:
    white = torch.full((2, 3, 512, 700), 255, dtype=torch.uint8)
    out = blocks(white, 3, seed(0))
    covered = (out == 128).all(1)
    assert not torch.equal(covered[0], covered[1])
    for frame in covered:
        assert 4 * 64 < frame.sum() <= 6 * 64  # 3 for each 256 pixels of 512; two may overlap
    assert torch.equal(blocks(white[..., :255, :255], 80, seed(0)), white[..., :255, :255])
    assert (white == 255).all()


@pytest.mark.parametrize(
    "noisy",
    [
        lambda f, g: gaussian_noise(f, 0.1, g),
        lambda f, g: speckle(f, 0.1, g),
        lambda f, g: salt_and_pepper(f, 0.1, g),
        lambda f, g: ycbcr_noise(f, 0.01, g),
    ],
)
def test_the_same_seed_gives_the_same_pixels(noisy: Callable, grey: Tensor, seed: Seeded) -> None:
    assert torch.equal(noisy(grey, seed(4)), noisy(grey, seed(4)))
    assert not torch.equal(noisy(grey, seed(4)), noisy(grey, seed(5)))
