"""Distortions of brightness and colour. Frames are (T, 3, H, W) uint8 RGB."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from deepfake.distort.pixels import as_bytes, as_unit, to_rgb, to_ycbcr


def saturation(frames: Tensor, factor: float) -> Tensor:
    """Multiply the chroma by a factor; 0 leaves greys.

    Source: DeeperForensics-1.0, CS.
    """
    ycbcr = to_ycbcr(as_unit(frames))
    ycbcr[:, 1:] = (ycbcr[:, 1:] - 0.5) * factor + 0.5
    return as_bytes(to_rgb(ycbcr))


def brightness(frames: Tensor, factor: float) -> Tensor:
    """Multiply the pixel values by a factor.

    Source: with a factor below 1, DeeperForensics-1.0's CC, which calls it contrast.
    """
    return as_bytes(as_unit(frames) * factor)


def linear(frames: Tensor, factor: float, shift: float) -> Tensor:
    """Multiply the pixel values by a factor and add a shift, in shares of full brightness.

    Source: "brightness and contrast" as albumentations has it, which SBI and GenD use.
    """
    return as_bytes(as_unit(frames) * factor + shift)


def shift_rgb(frames: Tensor, red: float, green: float, blue: float) -> Tensor:
    """Add a number to each channel, in grey levels of 255."""
    return as_bytes(as_unit(frames) + torch.tensor([red, green, blue]).view(3, 1, 1) / 255)


def hue_saturation(frames: Tensor, hue: float, factor: float) -> Tensor:
    """Turn the hue and scale the saturation.

    Args:
        frames: (T, 3, H, W) uint8.
        hue: in turns, -0.5 to 0.5.
        factor: of the saturation, at least 0.
    """
    return F.adjust_saturation(F.adjust_hue(frames, hue), factor)


def gamma(frames: Tensor, exponent: float) -> Tensor:
    """Raise the pixel values, in [0, 1], to a power; above 1 darkens."""
    return F.adjust_gamma(frames, exponent)


def banding(frames: Tensor, levels: int) -> Tensor:
    """Round each channel to a number of evenly spaced levels, at least 2, black and white among them."""
    return as_bytes((as_unit(frames) * (levels - 1)).round_() / (levels - 1))


def vignetting(frames: Tensor, strength: float) -> Tensor:
    """Darken towards the corners, where `1 - strength` of the light is left, by the square of the distance."""
    height, width = frames.shape[-2:]
    y, x = torch.linspace(-1, 1, height)[:, None], torch.linspace(-1, 1, width)
    return as_bytes(as_unit(frames) * (1 - strength * (x * x + y * y) / 2))


def moire(frames: Tensor, strength: float, period: float, angle: float) -> Tensor:
    """Lay the beat of two gratings over the frames, as when a screen is filmed.

    Its stripes are coloured, since a screen's red, green and blue stand side by side.

    Args:
        frames: (T, 3, H, W) uint8.
        strength: the most that a pixel changes, as a share of its value.
        period: distance of two stripes in pixels.
        angle: direction across the stripes in radians.
    """
    height, width = frames.shape[-2:]
    y, x = torch.arange(height)[:, None].float(), torch.arange(width).float()
    direction = torch.tensor([angle, angle + 0.3])  # the gratings are a little turned against one another
    phase = 2 * torch.pi / period * (x * direction.cos().view(2, 1, 1) + y * direction.sin().view(2, 1, 1))
    colour = torch.tensor([0.0, 2.0, 4.0]).view(3, 1, 1) * torch.pi / 3
    pattern = torch.sin(phase[0] + colour) * torch.cos(phase[1] / 4)
    return as_bytes(as_unit(frames) * (1 + strength * pattern))
