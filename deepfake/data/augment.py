"""Augmentation of training clips: one draw a clip, the same for all its frames, so that time stays smooth.

A draw is decided by its seed alone, whichever process or epoch it happens in.
"""

import io
from abc import ABC, abstractmethod

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as F


class Augmentation(ABC):
    """Changes a clip without changing its label."""

    @abstractmethod
    def __call__(self, clip: Tensor, generator: torch.Generator) -> Tensor:
        """(T, 3, S, S) uint8 -> the same shape and type."""


class NoAugmentation(Augmentation):
    """Leaves a clip as it is."""

    def __call__(self, clip: Tensor, generator: torch.Generator) -> Tensor:
        return clip


class BasicAugmentation(Augmentation):
    """Horizontal flip, small changes of brightness, contrast and saturation, and JPEG at a random quality.

    Args:
        flip: probability.
        colour: each factor lies within 1 - colour and 1 + colour.
        jpeg: probability.
        min_quality: lowest JPEG quality, of 100.
    """

    def __init__(self, *, flip: float = 0.5, colour: float = 0.1, jpeg: float = 0.3, min_quality: int = 60) -> None:
        self.flip = flip
        self.colour = colour
        self.jpeg = jpeg
        self.min_quality = min_quality

    def __call__(self, clip: Tensor, generator: torch.Generator) -> Tensor:
        # All six are drawn whatever the first say, so that one option does not shift the draws of another.
        flip, jpeg, quality, *factors = torch.rand(6, generator=generator).tolist()
        brightness, contrast, saturation = (1 + self.colour * (2 * f - 1) for f in factors)
        if flip < self.flip:
            clip = F.horizontal_flip(clip)
        clip = F.adjust_saturation(F.adjust_contrast(F.adjust_brightness(clip, brightness), contrast), saturation)
        if jpeg < self.jpeg:
            level = round(self.min_quality + quality * (100 - self.min_quality))
            clip = torch.stack([_jpeg(image, level) for image in clip])
        return clip


def _jpeg(image: Tensor, quality: int) -> Tensor:
    """(3, S, S) uint8 there and back. By Pillow, since torchvision 0.29 gives its codecs up."""
    buffer = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(buffer, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1)
