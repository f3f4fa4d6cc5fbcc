"""Augmentation: one draw a clip, decided by its seed."""

import pytest
import torch
from torch import Tensor

from deepfake.data.augment import Augmentation, BasicAugmentation, NoAugmentation


@pytest.fixture
def clip() -> Tensor:
    """Eight times the same frame, so that frames treated alike stay alike."""
    frame = torch.randint(0, 255, (3, 24, 24), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return frame.expand(8, -1, -1, -1).clone()


def draw(augment: Augmentation, clip: Tensor, seed: int) -> Tensor:
    return augment(clip, torch.Generator().manual_seed(seed))


def test_every_frame_of_a_clip_gets_the_same_draw(clip: Tensor) -> None:
    for seed in range(10):
        out = draw(BasicAugmentation(jpeg=1.0), clip, seed)
        assert out.shape == clip.shape and out.dtype == torch.uint8
        assert (out == out[0]).all()


def test_a_seed_decides_the_draw(clip: Tensor) -> None:
    augment = BasicAugmentation()
    assert torch.equal(draw(augment, clip, 3), draw(augment, clip, 3))
    assert len({draw(augment, clip, seed).sum().item() for seed in range(10)}) > 5


def test_flip_alone_mirrors(clip: Tensor) -> None:
    assert torch.equal(draw(BasicAugmentation(flip=1, colour=0, jpeg=0), clip, 0), clip.flip(-1))


def test_jpeg_changes_pixels_a_little(clip: Tensor) -> None:
    smooth = torch.arange(24, dtype=torch.uint8).mul(8).expand(1, 3, 24, 24).clone()
    changed = draw(BasicAugmentation(flip=0, colour=0, jpeg=1), smooth, 0)
    assert 0 < (changed.float() - smooth.float()).abs().mean() < 10


def test_none_is_nothing(clip: Tensor) -> None:
    assert torch.equal(draw(NoAugmentation(), clip, 0), clip)
