"""The published numbers of self-blended images: how often and how strongly everything is drawn.

Source: RECIPES, section 2, from the authors' code.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from deepfake.data.augment import SbiAugmentation
from deepfake.data.augment import sbi as module
from deepfake.data.augment.dice import Dice
from tests.data.augment.chances import assert_even, assert_often, of, run, watched
from tests.data.augment.test_recipes import built

NUMBER = 2000
POST = ("shift_rgb", "hue_saturation", "linear", "jpeg")
FACE = torch.zeros(1, 5, 2)


def dice(seed: int) -> Dice:
    return Dice(torch.Generator().manual_seed(seed))


def marked(side: int = 20) -> Tensor:
    """A black clip whose left edge is white."""
    clip = torch.zeros(1, 3, side, side, dtype=torch.uint8)
    clip[..., 0] = 255
    return clip


def test_after_the_blend_each_change_is_as_likely_and_as_strong_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """RGB +-20 p .3; hue, saturation, value +-.3 p .3; brightness and contrast +-.3 p .3; JPEG 40 to 100 p .5."""
    calls = watched(monkeypatch, module, *POST)
    orders = run(built("sbi"), calls, marked(), NUMBER, landmarks=FACE)
    for name, probability in (("shift_rgb", 0.3), ("hue_saturation", 0.3), ("jpeg", 0.5)):
        assert_often(sum(name in order for order in orders), NUMBER, probability)
    value = [given for given in of(calls, "linear") if given[1] == 0]  # which goes with hue and saturation
    both = [given for given in of(calls, "linear") if given[1] != 0]
    assert len(value) == len(of(calls, "hue_saturation"))
    assert_often(len(both), NUMBER, 0.3)
    whole = ("shift_rgb", "hue_saturation", "linear", "linear", "jpeg")
    assert whole in orders and all([*order] == sorted(order, key=whole.index) for order in orders)

    assert_even(np.ravel(of(calls, "shift_rgb")).tolist(), -20, 20)
    hue, saturation = np.array(of(calls, "hue_saturation")).T
    assert_even(hue * 2 * np.pi, -0.3, 0.3)
    assert_even(saturation, 0.7, 1.3)
    assert_even([factor for factor, _ in value], 0.7, 1.3)
    contrast, brightness = np.array(both).T
    assert_even(contrast, 0.7, 1.3)
    assert_even(brightness, -0.3, 0.3)
    assert_even([quality for (quality,) in of(calls, "jpeg")], 40, 100)


def test_half_of_the_clips_are_mirrored_before_the_blend(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, module, *POST)
    seen: list[bool] = []

    def blended(clip: Tensor, landmarks: np.ndarray, generator: Any, outline: None) -> module.Made:
        seen.append(bool(clip[0, 0, 0, 0] == 0))
        return module.Made(clip, None)

    monkeypatch.setattr(module, "self_blended", blended)
    run(built("sbi"), [], marked(), NUMBER, landmarks=FACE, blend=True)
    assert_often(sum(seen), NUMBER, 0.5)


def test_the_source_is_changed_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """RGB +-20 p .3; brightness, contrast +-.1 p 1; then down by 2 or 4, or sharpened, alpha .2-.5, lightness .5-1."""
    monkeypatch.setattr(
        module, "resize", lambda clip, size, down, up: resized.append((size, down.value, up.value)) or clip
    )
    resized: list[tuple[int, str, str]] = []
    calls = watched(monkeypatch, module, "shift_rgb", "linear", "sharpen")
    clip = marked(64)
    for seed in range(NUMBER):
        module._changed(clip, dice(seed))
    assert_often(len(of(calls, "shift_rgb")), NUMBER, 0.3)
    assert_even(np.ravel(of(calls, "shift_rgb")).tolist(), -20, 20)
    contrast, brightness = np.array(of(calls, "linear")).T
    assert len(contrast) == NUMBER
    assert_even(contrast, 0.9, 1.1)
    assert_even(brightness, -0.1, 0.1)
    sharpened = of(calls, "sharpen")
    assert len(sharpened) + len(resized) == NUMBER
    assert_often(len(sharpened), NUMBER, 0.5)
    assert {*resized} == {(32, "nearest", "bilinear"), (16, "nearest", "bilinear")}
    assert_often(resized.count((32, "nearest", "bilinear")), len(resized), 0.5)
    alpha, lightness = np.array(sharpened).T
    assert_even(alpha, 0.2, 0.5)
    assert_even(lightness, 0.5, 1.0)


@pytest.mark.parametrize("factor", [2, 4])
def test_coarser_is_every_second_or_fourth_pixel_and_lines_between_them(
    factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dice, "one_of", lambda self, items: factor)
    clip = torch.randint(0, 256, (1, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    small = clip.numpy()[..., ::factor, ::factor].astype(float)
    # The middle of a large pixel in units of small ones, of which the outermost reach to the border.
    at = ((np.arange(16) + 0.5) / factor - 0.5).clip(0, 16 // factor - 1)
    low = np.floor(at).astype(int)
    high, share = np.minimum(low + 1, 16 // factor - 1), at - low
    rows = small[:, :, low] * (1 - share)[:, None] + small[:, :, high] * share[:, None]
    expected = rows[..., low] * (1 - share) + rows[..., high] * share
    assert np.abs(module._coarser(clip, dice(0)).numpy() - expected).max() <= 1


def test_source_and_mask_move_alike_and_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """x +-3 %, y +-1.5 %, scale .95 to 1/.95; a coin says which of the two is changed; ratios .25 .5 .75 1 1 1."""
    moves: list[tuple[float, ...]] = []
    changed: list[tuple[bool, bool]] = []
    monkeypatch.setattr(module, "draw_mask", lambda dice: None)
    monkeypatch.setattr(module, "_changed", lambda clip, dice: clip + 1)

    def masks(drawn: None, landmarks: np.ndarray, size: int, *move: Tensor | None) -> Tensor:
        *move, outline = move
        assert outline is None
        moves.append(tuple(float(value) for value in move))
        return torch.ones(1, 1, size, size)

    def moved(frames: Tensor, *move: Tensor) -> Tensor:
        assert tuple(float(value) for value in move) == moves[-1]
        return frames

    def blend(source: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        changed.append((bool(source.any()), bool(target.any())))
        return target

    monkeypatch.setattr(module, "soft_masks", masks)
    monkeypatch.setattr(module, "moved", moved)
    monkeypatch.setattr(module, "blend", blend)
    clip, ratios = torch.zeros(1, 3, 4, 4, dtype=torch.uint8), []
    for seed in range(NUMBER):
        made = module.self_blended(clip, FACE.numpy(), torch.Generator().manual_seed(seed))
        assert made.mask is not None
        ratios.append(float(made.mask.max()))
    x, y, scale = np.array(moves).T
    assert_even(x, -0.03, 0.03)
    assert_even(y, -0.015, 0.015)
    assert_even(scale, 0.95, 1 / 0.95)
    assert {*changed} == {(True, False), (False, True)}
    assert_often(changed.count((True, False)), NUMBER, 0.5)
    assert {*ratios} == {0.25, 0.5, 0.75, 1.0}
    for ratio in (0.25, 0.5, 0.75):
        assert_often(ratios.count(ratio), NUMBER, 1 / 6)
    assert_often(ratios.count(1.0), NUMBER, 1 / 2)


def margins(augment: SbiAugmentation, monkeypatch: pytest.MonkeyPatch, stored: float) -> np.ndarray:
    """Return what is left of the context of a face at each border, in widths of its box, (N, 4)."""
    calls = watched(monkeypatch, module, *POST, "_cropped")
    orders = run(augment, calls, marked(), NUMBER, landmarks=FACE)
    assert all(order.index("_cropped") == len(order) - 1 for order in orders)  # it comes last
    borders = np.array([given[0] for given in of(calls, "_cropped")])
    return (stored - 1) / 2 - borders * stored


def test_the_last_crop_leaves_a_twentieth_of_the_box_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Published: w/4 * U(.2, .8) a side when training. A cut of 1.3 holds .15 w, one of 1.4 the whole .2 w."""
    augment = built("sbi")
    assert isinstance(augment, SbiAugmentation)
    for side in margins(augment, monkeypatch, 1.3).T:
        assert_even(side, 0.0499, 0.15)
    for side in margins(SbiAugmentation(crop=0.15 / 1.4), monkeypatch, 1.4).T:
        assert_even(side, 0.25 * 0.2, 0.25 * 0.8)


def test_a_crop_takes_its_shares_off_the_borders_and_stretches_the_rest() -> None:
    clip = torch.zeros(1, 3, 40, 40, dtype=torch.uint8)
    clip[..., 4:32, 2:38] = 255  # what is left after 0.05, 0.1, 0.05 and 0.2 of the side
    assert (module._cropped(clip, [0.05, 0.1, 0.05, 0.2]) == 255).all()
    assert (module._cropped(clip, [0.05, 0.1, 0.05, 0.15])[..., -1, :] < 255).all()


def test_val_is_neither_mirrored_nor_changed_nor_cropped(monkeypatch: pytest.MonkeyPatch) -> None:
    augment = SbiAugmentation().validating()
    calls = watched(monkeypatch, module, *POST)
    borders = watched(monkeypatch, module, "_cropped")
    run(augment, calls, marked(), 100, landmarks=FACE)
    assert not calls and {tuple(given[0]) for given in of(borders, "_cropped")} == {(0.0, 0.0, 0.0, 0.0)}
