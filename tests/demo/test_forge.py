"""A forgery changes the face in the way of its method, and not one pixel around it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import laplace

from deepfake.demo.design import DemoDesign, plan
from deepfake.demo.forge import blend_mask, match_colour, sharpening
from deepfake.demo.motion import out_of_order, perform
from deepfake.demo.shoot import frames
from deepfake.texture import grey, laplacian_variance


def first_frames(design: DemoDesign, method: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the first frame of each real clip, and of the fake that was made of it by this method."""
    for take in plan(replace(design, extras=False)):
        for video, fake in zip(take.videos, pictures := next(frames(design, take)), strict=True):
            if video.method == method:
                yield pictures[0].astype(int), fake.astype(int)


@pytest.mark.parametrize("method", ["faceswap", "reenact", "seamless"])
def test_only_the_face_differs_from_the_real_clip(tiny: DemoDesign, method: str) -> None:
    pairs = list(first_frames(tiny, method))
    assert len(pairs) == 6
    for real, fake in pairs:
        rows, columns = np.nonzero(np.abs(real - fake).max(axis=2))
        height, width = real.shape[:2]
        assert 0.15 * height < np.ptp(rows) < 0.55 * height
        assert 0.10 * width < np.ptp(columns) < 0.35 * width
        assert 0.1 * height < rows.mean() < 0.8 * height
        assert 0.3 * width < columns.mean() < 0.7 * width


def test_a_flicker_has_the_light_of_real_frames_in_a_wrong_order() -> None:
    light = perform(np.random.default_rng(0), 60, 25).light
    mixed = out_of_order(light, np.random.default_rng(1), 25)
    for first in (0, 25, 50):
        second = slice(first, first + 25)
        for name in ("colour", "direction"):
            right, wrong = getattr(light, name)[second], getattr(mixed, name)[second]
            assert sorted(map(tuple, right)) == sorted(map(tuple, wrong))
    step = [np.abs(np.diff(each.colour[:, 1])).mean() for each in (light, mixed)]
    assert step[1] > 1.5 * step[0]


def test_eight_frames_of_a_real_light_spread_as_far_as_those_of_a_flicker() -> None:
    """So that what tells is the order in a window, not which frames are in it."""
    spread = {"real": 0.0, "flicker": 0.0}
    for seed in range(20):
        light = perform(np.random.default_rng(seed), 96, 25).light
        mixed = out_of_order(light, np.random.default_rng(seed), 25)
        for name, each in (("real", light), ("flicker", mixed)):
            spread[name] += each.colour[:, 1].reshape(12, 8).std(axis=1).mean()
    assert 0.85 < spread["real"] / spread["flicker"] < 1.18


def test_the_mask_is_one_on_the_nose_and_zero_at_the_ears_chin_and_hair() -> None:
    points = torch.tensor([[[0.0, 0.3], [0.75, 0.0], [-0.75, 0.0], [0.0, 0.97], [0.0, -0.6]]])
    assert blend_mask(points).tolist() == [[[1.0, 0.0, 0.0, 0.0, 0.0]]]


def test_colours_take_the_mean_and_spread_of_the_target() -> None:
    generator = torch.Generator().manual_seed(0)
    source = 0.2 + 0.1 * torch.rand(3, 50, 40, generator=generator)
    target = 0.4 + 0.2 * torch.rand(3, 50, 40, generator=generator)
    matched = match_colour(source, target)
    torch.testing.assert_close(matched.mean((1, 2)), target.mean((1, 2)), atol=1e-3, rtol=0)
    torch.testing.assert_close(matched.std((1, 2)), target.std((1, 2)), atol=1e-3, rtol=0)


def edges(picture: torch.Tensor) -> float:
    """The variance of scipy's Laplacian of (3, H, W) in [0, 1], where no pixel lacks a neighbour."""
    luma = grey(picture.permute(1, 2, 0).double().numpy())
    return float(laplace(luma)[1:-1, 1:-1].var())


def test_details_are_added_until_a_fake_is_as_sharp_as_the_real() -> None:
    generator = torch.Generator().manual_seed(0)
    real, fake, details = torch.rand(3, 3, 30, 40, generator=generator)
    details -= 0.5
    for soft in (0.3 * fake, 0.9 * real, 0.1 * details):
        amount = sharpening(soft, details, real)
        assert amount > 0 and edges(soft + amount * details) == pytest.approx(edges(real), rel=1e-4)
    assert sharpening(fake, torch.zeros_like(details), real) == 0  # a flat face has none
    # What is too sharp is blurred by what it has too much of; what is sharp elsewhere comes as near as it can.
    assert sharpening(2 * details, details, details) == pytest.approx(-1, abs=1e-5)
    assert sharpening(real, details, 0 * real) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("blur", [0.0, 0.6])
@pytest.mark.parametrize("method", ["faceswap", "reenact"])
def test_a_face_that_was_generated_small_is_as_sharp_as_what_it_covers(
    tiny: DemoDesign, method: str, blur: float
) -> None:
    pairs = first_frames(replace(tiny, blur=blur, noise=0), method)
    shares = [laplacian_variance(grey(fake)) / laplacian_variance(grey(real)) for real, fake in pairs]
    # A sharpened edge that would be brighter than white, or darker than black, is cut.
    assert np.mean(shares) == pytest.approx(1, abs=0.03) and np.ptp(shares) < 0.1
