"""The two numbers of a crop against plain loops, and how they move with blur and JPEG."""

import io
import math

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from deepfake.texture import block_grid, grey, laplacian_variance, sharpness

RNG = np.random.default_rng(0)
SMOOTH = 20 * gaussian_filter(RNG.normal(size=(97, 90, 3)), (2, 2, 0)) / 0.14 + 128
PICTURE = SMOOTH.clip(0, 255).astype(np.uint8)


def as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Image.open(buffer))


def test_luma_is_that_of_pillow() -> None:
    expected = np.asarray(Image.fromarray(PICTURE).convert("L"), float)
    assert np.abs(grey(PICTURE) - expected).max() <= 0.51


def test_the_variance_of_the_laplacian_is_that_of_a_plain_loop() -> None:
    luma = np.random.default_rng(1).uniform(0, 255, (6, 7))
    around = np.pad(luma, 1, mode="reflect")
    values = [
        around[y, x + 1] + around[y + 2, x + 1] + around[y + 1, x] + around[y + 1, x + 2] - 4 * luma[y, x]
        for y in range(6)
        for x in range(7)
    ]
    assert laplacian_variance(luma) == pytest.approx(np.mean((values - np.mean(values)) ** 2))


def test_blur_lowers_the_variance_of_the_laplacian() -> None:
    values = [laplacian_variance(gaussian_filter(grey(PICTURE), sigma)) for sigma in (0, 0.5, 1, 2)]
    assert values == sorted(values, reverse=True) and values[-1] < values[0] / 2
    assert laplacian_variance(np.full((9, 9), 7.0)) == 0


def test_the_grid_is_that_of_a_plain_loop() -> None:
    luma = np.random.default_rng(1).uniform(0, 255, (19, 33))

    def along_rows(picture: np.ndarray) -> float:
        means = []
        for start in range(8):
            steps = [
                abs(row[place + 1] - row[place]) for row in picture for place in range(start, len(picture[0]) - 1, 8)
            ]
            means.append(sum(steps) / len(steps))
        return max(means) / sum(means)

    assert block_grid(luma) == pytest.approx((along_rows(luma) + along_rows(luma.T)) / 2)


def test_jpeg_strengthens_the_grid_wherever_the_crop_begins() -> None:
    clean = block_grid(grey(PICTURE))
    values = [block_grid(grey(as_jpeg(PICTURE, quality))) for quality in (90, 30, 10)]
    assert clean < 0.15 and values == sorted(values) and values[-1] > 0.2
    coarse = grey(as_jpeg(PICTURE, 10))
    for top, left in ((1, 0), (3, 5), (7, 7)):
        assert block_grid(coarse[top:, left:]) == pytest.approx(values[-1], rel=0.1)


def test_the_grids_bounds() -> None:
    blocks = np.kron(np.random.default_rng(1).uniform(0, 255, (4, 4)), np.ones((8, 8)))
    assert block_grid(blocks) == 1
    assert block_grid(np.full((32, 32), 5.0)) == 1 / 8
    assert math.isnan(block_grid(np.zeros((15, 40)))) and not math.isnan(block_grid(np.zeros((16, 16))))


def test_sharpness_falls_with_blur_and_not_with_contrast() -> None:
    luma = grey(PICTURE)
    values = [sharpness(gaussian_filter(luma, sigma)) for sigma in (0, 0.5, 1, 2)]
    assert values == sorted(values, reverse=True) and values[-1] < values[0] / 2
    assert sharpness(luma * 0.3 + 20) == pytest.approx(sharpness(luma))
    assert sharpness(np.random.default_rng(0).normal(size=(300, 300))) == pytest.approx(20, rel=0.02)  # 4 x 1 + 4 x 4
    assert math.isnan(sharpness(np.full((9, 9), 7.0)))
