"""Augmentation of training clips: a pure function of a clip and K numbers, which a worker draws from the sample's seed.

It has two halves, in this order:

    in_worker    (T, 3, S, S) uint8, out of the store or the cache: codecs, which run on a CPU and picture by picture
    on_device    (B, T, 3, S, S), a batch: geometry and arithmetic; uint8 in, float in [0, 1] out

One draw serves all frames of a clip, so that time stays smooth. What a clip becomes depends on nothing else, not on the
other clips of its batch either, to the last bit: every operation on the device is elementwise and rounds once, since a
fused multiply-add rounds otherwise in the vector part of a loop than in its tail, and sums are sums of whole numbers,
since those of floats depend on their order.
"""

import io
from abc import ABC, abstractmethod

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from deepfake.ranges import Percent, Share

# Of red, green and blue in grey, as torchvision and Pillow have it (ITU-R BT.601).
LUMA = (0.2989, 0.587, 0.114)
GREY_STEPS = 2**24  # grey is summed in whole steps of this fineness, as fine as single precision is near 1


class Augmentation(ABC):
    """Changes clips without changing their labels.

    Attributes:
        num_draws: K, numbers in [0, 1) that decide what becomes of a clip.
    """

    num_draws: int

    @abstractmethod
    def in_worker(self, clip: Tensor, draw: Tensor) -> Tensor:
        """(T, 3, S, S) uint8 and (K,) float32 -> the same shape and type."""

    @abstractmethod
    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        """(B, T, 3, S, S) uint8 and (B, K) float32 -> the same shape, float in [0, 1]."""


class NoAugmentation(Augmentation):
    """Leaves clips as they are."""

    num_draws = 0

    def in_worker(self, clip: Tensor, draw: Tensor) -> Tensor:
        return clip

    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        return as_float(clips)


class BasicAugmentation(Augmentation):
    """JPEG at a random quality, then horizontal flip and small changes of brightness, contrast and saturation.

    Args:
        flip: probability.
        colour: each factor lies within 1 - colour and 1 + colour.
        jpeg: probability.
        min_quality: lowest JPEG quality, of 100.
    """

    num_draws = 6  # flip, jpeg, its quality, brightness, contrast, saturation; each is drawn whatever the others say

    def __init__(self, *, flip: Share = 0.5, colour: Share = 0.1, jpeg: Share = 0.3, min_quality: Percent = 60) -> None:
        self.flip = flip
        self.colour = colour
        self.jpeg = jpeg
        self.min_quality = min_quality

    def in_worker(self, clip: Tensor, draw: Tensor) -> Tensor:
        _, jpeg, quality = draw[:3].tolist()
        if jpeg >= self.jpeg:
            return clip
        level = round(self.min_quality + quality * (100 - self.min_quality))
        return torch.stack([_jpeg(image, level) for image in clip])

    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        flipped = (draws[:, 0] < self.flip).view(-1, 1, 1, 1, 1)
        clips = as_float(torch.where(flipped, clips.flip(-1), clips))
        brightness, contrast, saturation = ((draws[:, 3:] * 2 - 1) * self.colour + 1).unbind(1)
        return adjust_saturation(adjust_contrast(adjust_brightness(clips, brightness), contrast), saturation)


def as_float(clips: Tensor) -> Tensor:
    """uint8 travels to the device at a quarter of the bytes and becomes float in [0, 1] there."""
    return clips.float() / 255


def adjust_brightness(clips: Tensor, factors: Tensor) -> Tensor:
    """(B, T, 3, S, S) in [0, 1], times (B,), within [0, 1]."""
    return (clips * _per_clip(factors)).clamp_(0, 1)


def adjust_contrast(clips: Tensor, factors: Tensor) -> Tensor:
    """(B, T, 3, S, S) in [0, 1], further by (B,) from the mean grey of the clip's frames, within [0, 1]."""
    steps = (_grey(clips) * GREY_STEPS).round_().int().sum((1, 2, 3, 4), dtype=torch.int64)
    pivot = steps.float() / (GREY_STEPS * clips.shape[1] * clips.shape[3] * clips.shape[4])
    return _blend(clips, _per_clip(pivot), factors)


def adjust_saturation(clips: Tensor, factors: Tensor) -> Tensor:
    """(B, T, 3, S, S) in [0, 1], further by (B,) from its own grey, within [0, 1]."""
    return _blend(clips, _grey(clips), factors)


def _per_clip(values: Tensor) -> Tensor:
    """(B,) -> (B, 1, 1, 1, 1)."""
    return values.view(-1, 1, 1, 1, 1)


def _grey(clips: Tensor) -> Tensor:
    """(B, T, 3, S, S) -> (B, T, 1, S, S)."""
    red, green, blue = (clips[:, :, i : i + 1] * weight for i, weight in enumerate(LUMA))
    return red.add_(green).add_(blue)


def _blend(clips: Tensor, other: Tensor, factors: Tensor) -> Tensor:
    """Two products and their sum, each rounded: a fused call would round otherwise here and there."""
    factors = _per_clip(factors)
    return (clips * factors).add_(other * (1 - factors)).clamp_(0, 1)


def _jpeg(image: Tensor, quality: int) -> Tensor:
    """(3, S, S) uint8 there and back. By Pillow, since torchvision 0.29 gives its codecs up."""
    buffer = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(buffer, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1)
