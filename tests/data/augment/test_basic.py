"""Augmentation: one draw for each clip, decided by its seed; the result does not depend on the batch."""

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from deepfake.data.augment import Augmentation, BasicAugmentation, NoAugmentation, Sample, as_float
from deepfake.data.augment.basic import adjust_brightness, adjust_contrast, adjust_saturation


def noise(*shape: int) -> Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.uint8)


@pytest.fixture
def clip() -> Tensor:
    """Return a clip of eight equal frames, which stay equal if all are treated alike."""
    return noise(3, 24, 24).expand(8, -1, -1, -1).clone()


def draws(count: int, augment: Augmentation, seed: int = 0) -> Tensor:
    return torch.rand(count, augment.num_draws, generator=torch.Generator().manual_seed(seed))


def sample(draw: Tensor) -> Sample:
    return Sample(draw, torch.Generator())


def whole(augment: Augmentation, clip: Tensor, draw: Tensor) -> Tensor:
    """Apply both halves of an augmentation."""
    return augment.on_device(augment.in_worker(clip, sample(draw))[None], draw[None])[0]


def test_every_frame_of_a_clip_gets_the_same_draw(clip: Tensor) -> None:
    augment = BasicAugmentation(jpeg=1.0)
    for draw in draws(10, augment):
        out = whole(augment, clip, draw)
        assert out.shape == clip.shape and out.dtype == torch.float32 and out.min() >= 0 and out.max() <= 1
        assert (out == out[0]).all()


def test_a_draw_decides_what_becomes_of_a_clip(clip: Tensor) -> None:
    augment = BasicAugmentation()
    many = draws(10, augment)
    assert torch.equal(whole(augment, clip, many[3]), whole(augment, clip, many[3]))
    assert len({whole(augment, clip, draw).sum().item() for draw in many}) > 5


def test_flip_alone_mirrors(clip: Tensor) -> None:
    augment = BasicAugmentation(flip=1, colour=0, jpeg=0)
    assert torch.equal(whole(augment, clip, draws(1, augment)[0]), as_float(clip.flip(-1)))


def test_half_of_the_clips_are_mirrored(clip: Tensor) -> None:
    augment = BasicAugmentation(flip=0.5, colour=0, jpeg=0)
    out = augment.on_device(clip.expand(400, -1, -1, -1, -1), draws(400, augment))
    mirrored = (out == as_float(clip.flip(-1))).flatten(1).all(1)
    assert 160 < mirrored.sum() < 240
    assert (out[~mirrored] == as_float(clip)).all()


def test_jpeg_changes_pixels_a_little_and_only_in_the_worker() -> None:
    smooth = torch.arange(24, dtype=torch.uint8).mul(8).expand(1, 3, 24, 24).clone()
    augment = BasicAugmentation(flip=0, colour=0, jpeg=1)
    draw = draws(1, augment)[0]
    changed = augment.in_worker(smooth, sample(draw))
    assert changed.dtype == torch.uint8 and changed.shape == smooth.shape
    assert 0 < (changed.float() - smooth.float()).abs().mean() < 10
    assert torch.equal(augment.on_device(changed[None], draw[None])[0], as_float(changed))


def test_none_is_nothing(clip: Tensor) -> None:
    augment = NoAugmentation()
    assert augment.in_worker(clip, sample(torch.empty(0))) is clip
    assert torch.equal(augment.on_device(clip[None], torch.empty(1, 0))[0], clip.float() / 255)


@pytest.mark.parametrize(("length", "size"), [(1, 23), (8, 23), (3, 64), (1, 299), (2, 299)])
def test_a_clip_becomes_the_same_to_the_last_bit_in_any_batch(length: int, size: int) -> None:
    augment = BasicAugmentation(colour=0.4)
    clips, many = noise(8, length, 3, size, size), draws(8, augment)
    alone = torch.cat([augment.on_device(clips[i : i + 1], many[i : i + 1]) for i in range(8)])
    for order in ([*range(8)], [5, 2, 7], [7, 6, 5, 4, 3, 2, 1, 0], [4, 4, 1]):
        assert torch.equal(augment.on_device(clips[order], many[order]), alone[order])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert torch.equal(augment.on_device(clips, many), alone)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("size", [23, 64, 299])
@pytest.mark.parametrize("factor", [0.6, 0.93, 1.0, 1.17, 1.4])
def test_colour_is_that_of_torchvision(size: int, factor: float) -> None:
    clips, factors = as_float(noise(2, 1, 3, size, size)), torch.tensor([factor, factor])
    pairs = [
        (adjust_brightness(clips, factors), F.adjust_brightness(clips, factor)),
        (adjust_saturation(clips, factors), F.adjust_saturation(clips, factor)),
        (adjust_contrast(clips, factors), F.adjust_contrast(clips, factor)),
    ]
    for ours, theirs in pairs:
        assert (ours - theirs).abs().max() < 1e-6


def test_contrast_has_one_pivot_a_clip() -> None:
    dark, bright = torch.full((1, 3, 8, 8), 0.2), torch.full((1, 3, 8, 8), 0.6)
    luma = 0.2989 + 0.587 + 0.114  # luma of white, a little below 1

    def spread_from(pivot: float, value: float) -> float:
        return value * 1.5 - pivot * luma * 0.5

    out = adjust_contrast(torch.cat([dark, bright])[None], torch.tensor([1.5]))[0]
    assert (out[0] - spread_from(0.4, 0.2)).abs().max() < 1e-6
    assert (out[1] - spread_from(0.4, 0.6)).abs().max() < 1e-6
    alone = adjust_contrast(dark[None], torch.tensor([1.5]))[0]
    assert (alone - spread_from(0.2, 0.2)).abs().max() < 1e-6
