"""Blur and loss of resolution, against SciPy and against counting."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from deepfake.distort.sharpness import (
    chroma_subsampling,
    chromatic_aberration,
    gaussian_blur,
    motion_blur,
    pixelate,
    resize,
    sharpen,
)
from tests.distort.conftest import psnr


def dot(size: int = 33) -> Tensor:
    frames = torch.zeros(1, 3, size, size, dtype=torch.uint8)
    frames[..., size // 2, size // 2] = 255
    return frames


@pytest.mark.parametrize(("kernel", "sigma"), [(7, 7 / 6), (21, 3.5)])
def test_gaussian_blur_is_that_of_scipy(kernel: int, sigma: float, scene: Tensor) -> None:
    out = gaussian_blur(scene[:1], kernel, sigma)[0]
    radius = kernel // 2
    for channel in range(3):
        plane = scene[0, channel].numpy().astype(np.float64)
        expected = ndimage.gaussian_filter(plane, sigma, mode="mirror", truncate=radius / sigma)
        assert np.abs(out[channel].numpy() - expected).max() <= 1


@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.pi / 4])
def test_motion_blur_spreads_along_its_line_only(angle: float) -> None:
    out = motion_blur(dot(), 9, angle)[0, 0].double()
    assert out.sum() == pytest.approx(255, abs=12)  # each pixel is rounded
    y, x = (torch.arange(33) - 16).double()[:, None], (torch.arange(33) - 16).double()
    along, across = x * math.cos(angle) + y * math.sin(angle), -x * math.sin(angle) + y * math.cos(angle)
    weight = out / out.sum()
    assert (weight * along**2).sum() == pytest.approx(9**2 / 12, rel=0.15)  # variance of an even line
    assert (weight * across**2).sum() < 0.4


def test_motion_blur_keeps_an_even_picture() -> None:
    even = torch.full((2, 3, 20, 31), 77, dtype=torch.uint8)
    assert torch.equal(motion_blur(even, 7, 1.0), even)


def test_pixelate_shows_every_other_pixel_and_interpolates() -> None:
    ramp = torch.arange(0, 240, 10, dtype=torch.uint8).expand(1, 3, 24, 24).clone()
    out = pixelate(ramp, 2)
    assert (out.int() - ramp.int()).abs()[..., 2:-2].max() <= 1  # bilinear keeps a ramp
    checks = ((torch.arange(24)[:, None] + torch.arange(24)) % 2 * 255).to(torch.uint8).expand(1, 3, 24, 24)
    assert pixelate(checks, 2).unique().tolist() in ([127], [128])  # and loses what is finer


def test_resize_loses_detail_and_keeps_what_is_small_enough(scene: Tensor) -> None:
    assert torch.equal(resize(scene, 256), scene)
    fine = ((torch.arange(256)[:, None] + torch.arange(256)) % 2 * 255).to(torch.uint8).expand(1, 3, 256, 256)
    assert resize(fine, 64).float().std() < 3 < fine.float().std()
    assert psnr(scene, resize(scene, 112)) > psnr(scene, resize(scene, 64)) + 3


@pytest.mark.parametrize(("alpha", "lightness"), [(0.2, 1.0), (0.5, 0.5)])
def test_sharpen_mixes_in_a_pixel_less_its_neighbours(alpha: float, lightness: float) -> None:
    frames = torch.randint(0, 256, (2, 3, 7, 9), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    out = sharpen(frames, alpha, lightness).numpy()
    padded = np.pad(frames.numpy().astype(float), [(0, 0), (0, 0), (1, 1), (1, 1)], mode="reflect")
    for t, channel, y, x in np.ndindex(out.shape):
        around = padded[t, channel, y : y + 3, x : x + 3]
        sharp = (8 + lightness) * around[1, 1] - (around.sum() - around[1, 1])
        expected = np.clip((1 - alpha) * around[1, 1] + alpha * sharp, 0, 255)
        assert abs(out[t, channel, y, x] - expected) < 0.51
    assert torch.equal(sharpen(frames, 0.0, lightness), frames)


def test_subsampled_chroma_keeps_brightness(scene: Tensor) -> None:
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    smooth = gaussian_blur(scene, 9, 2.0)
    luma = [(f.float() * weights).sum(1) for f in (smooth, chroma_subsampling(smooth, 4))]
    assert (luma[0] - luma[1]).abs().max() < 3
    grey = smooth[:, :1].expand(-1, 3, -1, -1)
    assert (chroma_subsampling(grey, 4).int() - grey.int()).abs().max() <= 1


def test_aberration_moves_red_out_and_blue_in_and_keeps_green() -> None:
    frames = torch.zeros(1, 3, 65, 65, dtype=torch.uint8)
    frames[..., 32, 56] = 255  # 24 pixels right of the centre
    out = chromatic_aberration(frames, 2.0)
    assert torch.equal(out[:, 1], frames[:, 1])
    columns = torch.arange(65).float()
    red, _, blue = ((plane[32].float() * columns).sum() / plane[32].sum() for plane in out[0])
    assert red == pytest.approx(56 + 2 * 24 / 32.5, abs=0.25) and blue == pytest.approx(56 - 2 * 24 / 32.5, abs=0.25)
