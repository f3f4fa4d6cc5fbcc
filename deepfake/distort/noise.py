"""Distortions that hit each pixel or block by chance, anew in every frame. Frames are (T, 3, H, W) uint8 RGB."""

import torch
from torch import Generator, Tensor

from deepfake.distort.pixels import as_bytes, as_unit, to_rgb, to_ycbcr

_BLOCK = 8  # side of a block in pixels
# From full range to that of video, [16, 235] and [16, 240] of 255.
_SCALE = torch.tensor([219.0, 224.0, 224.0]).view(3, 1, 1) / 255


def gaussian_noise(frames: Tensor, deviation: float, generator: Generator) -> Tensor:
    """Add normal noise to the RGB values.

    Args:
        frames: (T, 3, H, W) uint8.
        deviation: standard deviation, as a share of 255.
        generator: draws the noise.
    """
    return as_bytes(as_unit(frames) + deviation * _normal(frames, generator))


def ycbcr_noise(frames: Tensor, variance: float, generator: Generator) -> Tensor:
    """Add normal noise to Y, Cb and Cr, in the range of video scaled to [0, 1].

    Source: DeeperForensics-1.0, GNC, whose strength is the variance. In the range of video, which follows from its PSNR
    of 24.6 dB at 0.001 on real frames: in full range it could not be below 25.4.
    """
    noise = variance**0.5 * _normal(frames, generator) / _SCALE
    return as_bytes(to_rgb(to_ycbcr(as_unit(frames)) + noise))


def speckle(frames: Tensor, deviation: float, generator: Generator) -> Tensor:
    """Multiply each value by 1 plus normal noise of a standard deviation."""
    return as_bytes(as_unit(frames) * (1 + deviation * _normal(frames, generator)))


def salt_and_pepper(frames: Tensor, share: float, generator: Generator) -> Tensor:
    """Turn a share of the pixels black or white, as many each."""
    chance = torch.rand(len(frames), 1, *frames.shape[2:], generator=generator)
    return frames.masked_fill(chance < share, 0).masked_fill(chance < share / 2, 255)


def blocks(frames: Tensor, amount: int, generator: Generator) -> Tensor:
    """Cover places of 8 x 8 pixels with grey, in each frame others.

    Args:
        frames: (T, 3, H, W) uint8, at least 8 pixels a side.
        amount: number of blocks for each 256 pixels of the shorter side, so none below that.
        generator: draws the places.

    Source: DeeperForensics-1.0, BW.
    """
    height, width = frames.shape[-2:]
    count = amount * (min(height, width) // 256)
    frames = frames.clone()
    for frame in frames:
        tops = torch.randint(0, height - _BLOCK + 1, (count,), generator=generator)
        lefts = torch.randint(0, width - _BLOCK + 1, (count,), generator=generator)
        for top, left in zip(tops.tolist(), lefts.tolist(), strict=True):
            frame[:, top : top + _BLOCK, left : left + _BLOCK] = 128
    return frames


def _normal(frames: Tensor, generator: Generator) -> Tensor:
    return torch.randn(frames.shape, generator=generator)
