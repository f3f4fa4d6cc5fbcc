"""JPEG in the worker; flip, brightness, contrast and saturation in batches on the device.

Every operation on the device is elementwise and rounds once (a fused multiply-add rounds differently in the vector part
of a loop and in its tail), and sums are taken of integers, since the result of summing floats depends on their order.
"""

import torch
from torch import Tensor

from deepfake.data.augment.augmentation import Augmentation, Sample, as_float
from deepfake.distort.compress import jpeg
from deepfake.ranges import Percent, Share

# Weights of red, green and blue in grey, as in torchvision and Pillow (ITU-R BT.601).
LUMA = (0.2989, 0.587, 0.114)
GREY_STEPS = 2**24  # steps in which grey is summed as integers, as fine as single precision near 1


class BasicAugmentation(Augmentation):
    """JPEG at a random quality, then horizontal flip and small changes of brightness, contrast and saturation.

    Args:
        flip: probability of a flip.
        colour: each factor is between 1 - colour and 1 + colour.
        jpeg: probability of JPEG compression.
        min_quality: lowest JPEG quality, of 100.
    """

    distortions = ("brightness", "contrast", "jpeg", "saturation")
    num_draws = 6  # flip, jpeg, its quality, brightness, contrast, saturation; all are drawn, whether used or not

    def __init__(self, *, flip: Share = 0.5, colour: Share = 0.1, jpeg: Share = 0.3, min_quality: Percent = 60) -> None:
        self.flip = flip
        self.colour = colour
        self.jpeg = jpeg
        self.min_quality = min_quality

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        _, chance, quality = sample.draw[:3].tolist()
        if chance >= self.jpeg:
            return clip
        level = round(self.min_quality + quality * (100 - self.min_quality))
        return jpeg(clip, level)

    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        flipped = (draws[:, 0] < self.flip).view(-1, 1, 1, 1, 1)
        clips = as_float(torch.where(flipped, clips.flip(-1), clips))
        brightness, contrast, saturation = ((draws[:, 3:] * 2 - 1) * self.colour + 1).unbind(1)
        return adjust_saturation(adjust_contrast(adjust_brightness(clips, brightness), contrast), saturation)


def adjust_brightness(clips: Tensor, factors: Tensor) -> Tensor:
    """Multiply (B, T, 3, S, S) in [0, 1] by factors (B,) and clip to [0, 1]."""
    return (clips * _per_clip(factors)).clamp_(0, 1)


def adjust_contrast(clips: Tensor, factors: Tensor) -> Tensor:
    """Scale (B, T, 3, S, S) in [0, 1] by factors (B,) around the mean grey of the clip, and clip to [0, 1]."""
    steps = (_grey(clips) * GREY_STEPS).round_().int().sum((1, 2, 3, 4), dtype=torch.int64)
    pivot = steps.float() / (GREY_STEPS * clips.shape[1] * clips.shape[3] * clips.shape[4])
    return _blend(clips, _per_clip(pivot), factors)


def adjust_saturation(clips: Tensor, factors: Tensor) -> Tensor:
    """Scale (B, T, 3, S, S) in [0, 1] by factors (B,) around each pixel's grey, and clip to [0, 1]."""
    return _blend(clips, _grey(clips), factors)


def _per_clip(values: Tensor) -> Tensor:
    """(B,) -> (B, 1, 1, 1, 1)."""
    return values.view(-1, 1, 1, 1, 1)


def _grey(clips: Tensor) -> Tensor:
    """(B, T, 3, S, S) -> (B, T, 1, S, S)."""
    red, green, blue = (clips[:, :, i : i + 1] * weight for i, weight in enumerate(LUMA))
    return red.add_(green).add_(blue)


def _blend(clips: Tensor, other: Tensor, factors: Tensor) -> Tensor:
    """Blend by two products and their sum, each rounded; a fused call would sometimes round differently."""
    factors = _per_clip(factors)
    return (clips * factors).add_(other * (1 - factors)).clamp_(0, 1)
