"""Self-blended images: masks as the recipe has them, one formula, and reals that stay real."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from deepfake.data.augment import Sample, SbiAugmentation
from deepfake.data.augment import sbi as module
from deepfake.data.augment.blend_mask import CHINS, GRID, KINDS, draw_mask, moved, shape, soft_masks
from deepfake.data.augment.dice import Dice
from deepfake.data.augment.face_shape import FIVE, filled, place
from tests.data.augment.test_recipes import scene

SIZE = 64
FACE = (FIVE * 20 + (31.5, 22)).astype(np.float32)
STILL = torch.zeros(1), torch.zeros(1), torch.ones(1)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sample(seed: int, length: int, blend: bool) -> Sample:
    return Sample(torch.empty(0), seeded(seed), torch.from_numpy(FACE).expand(length, -1, -1), blend)


def test_the_mixture_is_half_hulls_a_fifth_ellipses_a_tenth_crops_and_a_fifth_parts() -> None:
    assert KINDS == {"hull": 0.5, "ellipse": 0.2, "crop": 0.1, "parts": 0.2}
    drawn = [draw_mask(Dice(seeded(seed))) for seed in range(150)]
    share = {kind: number / len(drawn) for kind, number in Counter(one.kind for one in drawn).items()}
    assert share == pytest.approx(KINDS, abs=0.1)
    chins = [one.chin for one in drawn]
    assert CHINS == (1.4, 2.0) and min(chins) > 1.4 and max(chins) < 2.0 and max(chins) - min(chins) > 0.5
    assert {size for one in drawn for size in one.side} <= {*range(192, 257)}
    assert {kernel for one in drawn for kernel in one.kernels} == {*range(5, 26, 2)}
    assert all(5 <= one.sigma <= 45 for one in drawn)
    assert {part for one in drawn for part in one.parts} == {"mouth", "eyes", "nose"}


def test_the_elastic_bend_has_alpha_50_and_sigma_7() -> None:
    # Even noise between -1 and 1, blurred by a Gaussian of sigma s, deviates by sqrt(1/3) / (2 s sqrt(pi)).
    expected = 50 * (1 / 3) ** 0.5 / (2 * 7 * np.pi**0.5)
    bends = torch.cat([draw_mask(Dice(seeded(seed))).bend for seed in range(8)]) * GRID / 2
    assert bends.std() == pytest.approx(expected, rel=0.1)


def test_shapes_cover_what_they_are_named_for() -> None:
    on_grid = (FACE + 0.5) * (GRID / SIZE) - 0.5
    area: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for seed in range(60):
        drawn = draw_mask(Dice(seeded(seed)))
        mask = shape(drawn, on_grid)
        area[drawn.kind].append(mask.mean())
        if drawn.kind != "parts":
            assert all(mask[round(float(y)), round(float(x))] for x, y in on_grid)
        if drawn.kind == "hull":
            chin = place(np.array([[0.0, drawn.chin]]), on_grid)[0, 1]
            assert np.flatnonzero(mask.any(1)).max() == pytest.approx(min(chin, GRID - 1), abs=1)
    mean = {kind: np.mean(values) for kind, values in area.items()}
    assert mean["parts"] < mean["hull"] < mean["ellipse"] < mean["crop"] and mean["crop"] > 0.7


def test_masks_end_softly_inside_the_shape_and_reach_one() -> None:
    for seed in range(20):
        drawn = draw_mask(Dice(seeded(seed)))
        mask = soft_masks(drawn, FACE[None], SIZE, *STILL)
        assert mask.shape == (1, 1, SIZE, SIZE) and mask.min() >= 0 and 0.8 < mask.max() <= 1
        assert ((mask > 0.05) & (mask < 0.95)).any()
        hard = torch.from_numpy(shape(drawn, (FACE + 0.5) * (GRID / SIZE) - 0.5)).float()[None, None]
        full = torch.nn.functional.interpolate(hard, (SIZE, SIZE), mode="area")
        assert (mask > 0.9).sum() <= (full > 0).sum()


def test_what_moves_moves_by_shares_of_the_side() -> None:
    frames = torch.zeros(2, 1, 101, 101)
    frames[..., 50, 70] = 1
    out = moved(frames, torch.tensor([0.1, 0.0]), torch.tensor([-0.2, 0.0]), torch.tensor([1.0, 1.5]))
    assert out[0, 0].argmax() == round(50 - 20.2) * 101 + round(70 + 10.1)
    assert out[1, 0].argmax() == 50 * 101 + 80  # 20 to the right of the centre, times 1.5


def test_a_blend_is_mask_times_source_and_the_rest_target() -> None:
    source, target, mask = (torch.rand(2, c, 9, 9, generator=seeded(c)) for c in (3, 3, 1))
    out = module.blend(source, target, mask).numpy()
    for index in np.ndindex(out.shape):
        m = float(mask[index[0], 0, index[2], index[3]])
        assert abs(out[index] - 255 * (m * float(source[index]) + (1 - m) * float(target[index]))) < 0.51


def test_ratios_and_ranges_are_the_published_ones() -> None:
    assert module.RATIOS == (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
    assert (module.SHIFT_X, module.SHIFT_Y, module.SCALE) == (0.03, 0.015, 0.95)
    highest: Counter[int] = Counter()
    for seed in range(40):
        made = module.self_blended(scene(1), FACE[None].astype(float), seeded(seed))
        assert made.mask is not None
        highest[round(float(made.mask.max()) * 4)] += 1
    assert highest.keys() == {1, 2, 3, 4} and highest[4] > 10


def test_outside_the_mask_a_blend_is_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_changed", lambda clip, dice: clip)
    for seed in range(10):
        made = module.self_blended(scene(2), FACE[None].repeat(2, 0).astype(float), seeded(seed))
        assert made.mask is not None
        outside = (made.mask == 0).expand(-1, 3, -1, -1)
        assert torch.equal(made.clip[outside], scene(2)[outside])


@pytest.mark.parametrize("length", [1, 3])
def test_a_real_is_changed_only_by_what_its_blend_is_changed_by_too(length: int) -> None:
    plain = SbiAugmentation(flip=0, post=0, crop=0)
    assert torch.equal(plain.in_worker(scene(length), sample(0, length, blend=False)), scene(length))
    flipped = SbiAugmentation(flip=1, post=0, crop=0)
    assert torch.equal(flipped.in_worker(scene(length), sample(0, length, blend=False)), scene(length).flip(-1))


def test_a_real_and_its_blend_are_cropped_and_coloured_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "self_blended", lambda clip, landmarks, generator, outline: module.Made(clip, None))
    for seed in range(20):
        real, fake = (SbiAugmentation().in_worker(scene(1), sample(seed, 1, blend)) for blend in (False, True))
        assert torch.equal(real, fake)


def test_a_mirrored_face_has_its_mask_where_it_is() -> None:
    left_face = FACE - np.array([8, 0], np.float32)
    centres = []
    for seed in range(9):
        at = Sample(torch.empty(0), seeded(seed), torch.from_numpy(left_face)[None], True)
        mask = SbiAugmentation(flip=1, post=0, crop=0).make(scene(1), at).mask
        assert mask is not None
        centres.append(float((mask[0, 0].sum(0) * torch.arange(SIZE)).sum() / mask.sum()))
    assert np.median(centres) == pytest.approx(31.5 + 8, abs=2)


def test_a_window_drifts_by_little_from_frame_to_frame() -> None:
    still = scene(1).expand(8, -1, -1, -1).contiguous()
    moving = 0
    for seed in range(10):
        made = module.self_blended(still, FACE[None].repeat(8, 0).astype(float), seeded(seed))
        assert made.mask is not None
        steps = (made.clip[1:].float() - made.clip[:-1].float()).abs()
        assert steps.mean() < 0.5 and (made.mask[1:] - made.mask[:-1]).abs().mean() < 0.005
        moving += int(steps.sum() > 0)
    assert moving > 5
    values = module._drifting(0.02, 0.03, 8, Dice(seeded(0)))
    assert (values - 0.02).abs().max() <= 0.003 and values[0] == 0.02


def test_jitter_of_a_finder_is_smoothed() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (16, 5, 2))
    out = module.smooth(FACE + noise)
    assert np.abs(np.diff(out, axis=0)).mean() < 0.3 * np.abs(np.diff(noise, axis=0)).mean()
    assert np.allclose(module.smooth(FACE[None]), FACE[None])


def test_the_same_seed_gives_the_same_blend_and_another_gives_another() -> None:
    def blend(seed: int) -> Tensor:
        return SbiAugmentation().in_worker(scene(2), sample(seed, 2, blend=True))

    assert torch.equal(blend(5), blend(5)) and not torch.equal(blend(5), blend(6))
    assert filled(np.array([[0, 0], [4, 0], [4, 4]]), 8).sum() > 0
