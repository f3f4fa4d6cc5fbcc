"""A forgery changes the face in the way of its method, and not one pixel around it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from deepfake.demo.design import DemoDesign, Take, plan
from deepfake.demo.forge import blend_mask, match_colour
from deepfake.demo.shoot import frames


def first_frames(design: DemoDesign, take: Take) -> tuple[np.ndarray, np.ndarray]:
    real, fake = next(frames(design, take))
    return real.astype(int), fake.astype(int)


@pytest.mark.parametrize("method", ["faceswap", "reenact"])
def test_only_the_face_differs_from_the_real_clip(tiny: DemoDesign, method: str) -> None:
    takes = [take for take in plan(replace(tiny, extras=False)) if take.videos[1].method == method]
    for take in takes:
        real, fake = first_frames(tiny, take)
        rows, columns = np.nonzero(np.abs(real - fake).max(axis=2))
        height, width = real.shape[:2]
        assert 0.15 * height < np.ptp(rows) < 0.55 * height
        assert 0.10 * width < np.ptp(columns) < 0.35 * width
        assert 0.1 * height < rows.mean() < 0.8 * height
        assert 0.3 * width < columns.mean() < 0.7 * width


def test_a_face_swap_changes_more_than_a_reenactment(tiny: DemoDesign) -> None:
    takes = plan(replace(tiny, extras=False))
    change = dict.fromkeys(("faceswap", "reenact"), 0.0)
    for take in takes:
        real, fake = first_frames(tiny, take)
        change[take.videos[1].method] += np.abs(real - fake).mean()
    assert change["faceswap"] > 1.2 * change["reenact"] > 0


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
