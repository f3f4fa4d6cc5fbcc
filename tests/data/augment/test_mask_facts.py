"""The numbers of the masks of self-blended images: the mixture, the template, and how a mask is bent and softened.

Source: RECIPES, section 2, from the authors' code; the mixture and the template were measured on real frames.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from deepfake.data.augment import blend_mask as module
from deepfake.data.augment.blend_mask import GRID, MaskDraw, draw_mask, shape, soft_masks
from deepfake.data.augment.dice import Dice
from deepfake.data.augment.face_shape import FIVE, HULL, filled
from tests.data.augment.chances import assert_even, assert_often

NUMBER = 4000
SIZE = 64
FACE = FIVE * 20 + (31.5, 22)
STILL = torch.zeros(1), torch.zeros(1), torch.ones(1)


def drawn(seed: int) -> MaskDraw:
    return draw_mask(Dice(torch.Generator().manual_seed(seed)))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> list[MaskDraw]:
    """Many draws, whose bend, which takes nearly all of the time, is left out."""
    monkeypatch.setattr(module, "GRID", 2)
    monkeypatch.setattr(module, "_blurred", lambda frames, kernel, sigma: frames)
    return [drawn(seed) for seed in range(NUMBER)]


def test_the_mixture_and_all_that_is_random_about_a_mask(many: list[MaskDraw]) -> None:
    kinds = Counter(one.kind for one in many)
    for kind, share in {"hull": 0.5, "ellipse": 0.2, "crop": 0.1, "parts": 0.2}.items():
        assert_often(kinds[kind], NUMBER, share)
    assert_even([one.chin for one in many], 1.4, 2.0)
    assert_even([one.brow for one in many], -0.8, -0.2)
    for axis in (0, 1):
        sides = [one.side[axis] for one in many]
        assert_even(sides, 192, 256)
        assert {*sides} == {*range(192, 257)}
        kernels = Counter(one.kernels[axis] for one in many)
        assert {*kernels} == {*range(5, 26, 2)}
        for count in kernels.values():
            assert_often(count, NUMBER, 1 / 11)
    assert_even([one.sigma for one in many], 5, 45)
    for border in np.array([one.inset for one in many]).T:
        assert_even(border, 0.03, 0.1)
    parts = Counter(part for one in many for part in one.parts)
    assert {*parts} == {"mouth", "eyes", "nose"} and all(
        0.6 * NUMBER < count < 0.73 * NUMBER for count in parts.values()
    )


def test_the_template_is_the_one_that_was_measured() -> None:
    five = "(-.5,0) (.5,0) (0,.62) (-.42,1.16) (.42,1.16)"
    right = (
        "(0,1.96) (.35,1.87) (.58,1.71) (.77,1.53) (.91,1.27) (1.01,.96) (1.06,.67) (1.11,.37) (1.13,.05) (.9,-.25) "
        "(.76,-.36) (.59,-.38) (.44,-.36) (.3,-.32)"
    )
    points = [
        np.array([[float(number) for number in point.strip("()").split(",")] for point in text.split()])
        for text in (five, right)
    ]
    assert np.array_equal(FIVE, points[0]) and np.array_equal(HULL[:14], points[1])
    assert np.array_equal(HULL[14:], points[1][:0:-1] * (-1, 1))


@pytest.mark.parametrize(("chin", "brow"), [(1.4, -0.2), (2.0, -0.8)])
def test_a_hull_ends_at_its_chin_and_forehead(chin: float, brow: float) -> None:
    on_grid = FIVE * 60 + (128, 100)  # eyes 60 pixels apart
    mask = shape(replace(drawn(0), kind="hull", chin=chin, brow=brow), on_grid)
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    assert (rows.min(), rows.max()) == (pytest.approx(100 + 60 * brow, abs=1), pytest.approx(100 + 60 * chin, abs=1))
    assert (columns.min(), columns.max()) == (pytest.approx(128 - 67.8, abs=1), pytest.approx(128 + 67.8, abs=1))


def test_the_bend_is_50_times_even_noise_smoothed_by_7_pixels() -> None:
    bends = torch.cat([drawn(seed).bend for seed in range(8)]).numpy().astype(float) * GRID / 2  # (8, G, G, 2), pixels
    # Even noise between -1 and 1, blurred by a Gaussian of sigma s, deviates by sqrt(1/3) / (2 s sqrt(pi)); two of its
    # values that lie d apart correlate by exp(-d^2 / (4 s^2)).
    assert bends.std() == pytest.approx(50 * (1 / 3) ** 0.5 / (2 * 7 * np.pi**0.5), rel=0.1)
    for distance in (7, 14):
        correlation = (bends[:, distance:] * bends[:, :-distance]).mean() / (bends**2).mean()
        assert correlation == pytest.approx(np.exp(-(distance**2) / (4 * 7**2)), abs=0.08)


def blurred(mask: np.ndarray, kernel: int, sigma: float) -> np.ndarray:
    reach = np.arange(kernel) - kernel // 2
    weights = np.exp(-(reach**2) / (2 * sigma**2))
    for axis in (0, 1):
        mask = ndimage.convolve1d(mask, weights / weights.sum(), axis, mode="mirror")
    return mask


def resized(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.array(Image.fromarray(mask.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR), float)


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_is_softened_in_the_published_steps(seed: int) -> None:
    """Resize, blur, divide by the maximum, keep what is 1, blur, divide by the maximum, resize back."""
    plan = replace(drawn(seed), bend=torch.zeros(1, GRID, GRID, 2))
    mask = resized(shape(plan, (FACE + 0.5) * (GRID / SIZE) - 0.5).astype(float), *plan.side)
    first, second = plan.kernels
    mask = blurred(mask, first, 0.3 * ((first - 1) * 0.5 - 1) + 0.8)  # as OpenCV does without a sigma
    mask /= mask.max()
    mask[mask < 1 - 1e-4] = 0
    mask = blurred(mask, second, plan.sigma)
    mask = resized(mask / mask.max(), SIZE, SIZE)
    found = soft_masks(plan, FACE[None], SIZE, *STILL)[0, 0].numpy()
    apart = np.abs(found - mask)
    # Single precision decides otherwise about a few pixels that are nearly 1 before the erosion.
    assert apart.max() < 0.05 and apart.mean() < 0.002 and found.max() > 0.9


def test_the_first_blur_takes_half_its_kernel_off_the_shape() -> None:
    hard = torch.from_numpy(filled(np.array([(60, 60), (60, 190), (190, 190), (190, 60)]), GRID)).float()[None, None]
    narrow = replace(drawn(0), side=(GRID, GRID), kernels=(21, 5), sigma=45.0)
    soft = module._softened(hard, narrow)[0, 0].numpy()
    # 131 pixels a side, less 10 at each end, and 2 that the second blur adds: 115 in all, of which 107 are full.
    assert [(soft[128] > 1e-6).sum(), (soft[128] > 1 - 1e-4).sum()] == [115, 107]
