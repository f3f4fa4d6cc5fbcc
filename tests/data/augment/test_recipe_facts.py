"""The published numbers of the other recipes of conf/augment: order, probabilities and strengths.

Source: RECIPES, sections 1 and 3, from the authors' configurations.
"""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from deepfake.data.augment import Sample, dfdc, gend, heavy
from deepfake.data.augment.degrade import DEGRADATIONS
from tests.data.augment.chances import Call, assert_even, assert_often, of, run, watched
from tests.data.augment.test_recipes import built

NUMBER = 2000
SIDE = 200  # of the clips that are moved, so that a share of it is a whole number


def watched_moves(monkeypatch: pytest.MonkeyPatch, calls: list[Call]) -> None:
    """Add torchvision's affine transformation to what is watched."""

    def affine(clip: Any, *given: Any, **_: Any) -> Any:
        calls.append(("affine", given))
        return clip

    monkeypatch.setattr(gend, "F", SimpleNamespace(affine=affine))


def edge() -> torch.Tensor:
    """A clip of 1, whose left edge is 255."""
    clip = torch.ones(1, 3, 1, SIDE, dtype=torch.uint8)
    clip[..., 0] = 255
    return clip


def assert_moves(calls: list[Call], angle: float, shift: float, scale: float) -> None:
    moves = of(calls, "affine")
    turns, shifts, scales = zip(*((turn, by, factor) for turn, by, factor, _ in moves), strict=True)
    assert_even(turns, -angle, angle)
    for axis in zip(*shifts, strict=True):
        assert_even(axis, -shift * SIDE, shift * SIDE)
    assert_even(scales, 1 - scale, 1 + scale)


def test_gend_has_the_order_and_the_strengths_of_its_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Affine 10 degrees, .1, .9 to 1.1; blur 7, .1 to 2, p .1; brightness, contrast .1; JPEG 40 to 100."""
    calls = watched(monkeypatch, gend, "gaussian_blur", "linear", "jpeg")
    watched_moves(monkeypatch, calls)
    orders = Counter(run(built("gend"), calls, edge(), NUMBER))
    assert {*orders} == {("affine", "linear", "jpeg"), ("affine", "gaussian_blur", "linear", "jpeg")}
    assert_often(orders["affine", "gaussian_blur", "linear", "jpeg"], NUMBER, 0.1)
    assert_moves(calls, 10, 0.1, 0.1)
    kernels, sigmas = zip(*of(calls, "gaussian_blur"), strict=True)
    assert {*kernels} == {7}
    assert_even(sigmas, 0.1, 2.0)
    contrast, brightness = zip(*of(calls, "linear"), strict=True)
    assert_even(contrast, 0.9, 1.1)
    assert_even(brightness, -0.1, 0.1)
    assert_even([quality for (quality,) in of(calls, "jpeg")], 40, 100)


@pytest.mark.parametrize("name", ["gend", "dfdc"])
def test_half_of_the_clips_are_mirrored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"gend": gend, "dfdc": dfdc}[name]
    calls = watched(monkeypatch, module, "gaussian_blur", "moved", "jpeg")
    watched(monkeypatch, module, "linear" if name == "gend" else "gaussian_noise")
    monkeypatch.setattr(dfdc.DfdcAugmentation, "_cut_out", lambda self, clip, landmarks, dice: clip)
    augment, flips = built(name), 0
    for seed in range(NUMBER):
        sample = Sample(torch.empty(0), torch.Generator().manual_seed(seed), torch.zeros(1, 5, 2))
        flips += int(augment.in_worker(edge(), sample)[0, 0, 0, 0] == 1)
    assert_often(flips, NUMBER, 0.5)
    assert calls


def test_dfdc_has_the_probabilities_and_strengths_of_the_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """JPEG 60 to 100 p .5, noise .1, blur .05, shift/scale/rotate .1/.2/10 after them."""
    calls = watched(monkeypatch, dfdc, "jpeg", "gaussian_noise", "gaussian_blur")
    watched_moves(monkeypatch, calls)
    monkeypatch.setattr(dfdc.DfdcAugmentation, "_cut_out", lambda self, clip, landmarks, dice: clip)
    orders = run(built("dfdc"), calls, edge(), NUMBER, landmarks=torch.zeros(1, 5, 2))
    whole = ("jpeg", "gaussian_noise", "gaussian_blur", "affine")
    assert all([*order] == sorted(order, key=whole.index) for order in orders)
    for name, probability in zip(whole, (0.5, 0.1, 0.05, 0.5), strict=True):
        assert_often(len(of(calls, name)), NUMBER, probability)
    assert_even([quality for (quality,) in of(calls, "jpeg")], 60, 100)
    assert_moves(calls, 10, 0.1, 0.2)


def test_dfdc_cuts_out_parts_else_halves_else_something_as_often_as_the_winner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eyes, nose or mouth p .7; else half the face p .2; else a random place p .1; always black."""
    calls: list[Call] = []

    def mask_of(which: str, landmarks: np.ndarray, size: int) -> np.ndarray:
        calls.append((which, ()))
        return np.zeros((size, size), bool)

    monkeypatch.setattr(dfdc, "part_mask", mask_of)
    monkeypatch.setattr(dfdc, "half_mask", mask_of)
    augment = dfdc.DfdcAugmentation(jpeg=0, noise=0, blur=0, flip=0, move=0)
    defaults = built("dfdc")
    assert isinstance(defaults, dfdc.DfdcAugmentation)
    assert (augment.part, augment.half, augment.random) == (defaults.part, defaults.half, defaults.random)
    clip, covered, number = torch.ones(1, 3, 20, 20, dtype=torch.uint8), 0, 2 * NUMBER
    for seed in range(number):
        sample = Sample(torch.empty(0), torch.Generator().manual_seed(seed), torch.zeros(1, 5, 2))
        covered += int(not augment.in_worker(clip, sample).all())
    found = Counter(name for name, _ in calls)
    for part in ("eyes", "nose", "mouth"):
        assert_often(found[part], number, 0.7 / 3)
    for half in ("left", "right", "upper", "lower"):
        assert_often(found[half], number, 0.3 * 0.2 / 4)
    assert_often(covered, number, 0.3 * 0.8 * 0.1)


def test_the_older_projects_jpeg_is_40_to_80(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("brightness", "hue_saturation", "gamma", "gaussian_blur", "gaussian_noise", "jpeg")
    calls = watched(monkeypatch, heavy, *names)
    run(built("heavy"), calls, edge(), NUMBER)
    assert {name for name, _ in calls} == {*names}
    assert_even([quality for (quality,) in of(calls, "jpeg")], 40, 80)


def test_all_degradations_of_the_winners_of_2026_are_there() -> None:
    named = "salt and pepper, banding, chroma subsampling, motion blur, moire, vignetting, chromatic aberration, resize"
    assert {name.replace(" ", "_") for name in f"{named}, speckle".split(", ")} <= {*DEGRADATIONS}
