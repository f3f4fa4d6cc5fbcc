"""Distortions of detail: blur and loss of resolution. Frames are (T, 3, H, W) uint8 RGB."""

import math

import torch
from torch import Tensor
from torch.nn import functional as nnf
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from deepfake.distort.pixels import as_bytes, as_unit, to_rgb, to_ycbcr

_PER_PIXEL = 8  # points a pixel by which a line is drawn


def gaussian_blur(frames: Tensor, kernel: int, sigma: float) -> Tensor:
    """Blur with a Gaussian of an odd number of pixels a side.

    Raises:
        ValueError: the kernel reaches further than the frames.
    """
    return F.gaussian_blur(frames, [kernel, kernel], [sigma, sigma])


def motion_blur(frames: Tensor, length: float, angle: float) -> Tensor:
    """Blur along a line, as when the camera moves.

    Args:
        frames: (T, 3, H, W) uint8.
        length: of the line, in pixels.
        angle: its direction in radians, from left to right towards the bottom.
    """
    reach = math.ceil(length / 2)
    along = torch.linspace(-length / 2, length / 2, max(2, math.ceil(length * _PER_PIXEL) + 1))
    size = torch.arange(-reach, reach + 1).float()
    # Each point of the line gives its weight to the four pixels around it.
    x = (1 - (size - (along * math.cos(angle))[:, None]).abs()).clamp_(0)
    y = (1 - (size - (along * math.sin(angle))[:, None]).abs()).clamp_(0)
    kernel = (y[:, :, None] * x[:, None, :]).sum(0)
    kernel = (kernel / kernel.sum()).expand(3, 1, -1, -1)
    padded = nnf.pad(as_unit(frames), [reach] * 4, mode="replicate")
    return as_bytes(nnf.conv2d(padded, kernel, groups=3))


def pixelate(frames: Tensor, factor: int) -> Tensor:
    """Shrink by a factor and enlarge again, both bilinear and without antialiasing.

    Source: DeeperForensics-1.0, which calls it "JPEG".
    """
    height, width = frames.shape[-2:]
    small = F.resize(frames, [max(1, height // factor), max(1, width // factor)], antialias=False)
    return F.resize(small, [height, width], antialias=False)


def resize(
    frames: Tensor,
    size: int,
    down: InterpolationMode = InterpolationMode.BILINEAR,
    up: InterpolationMode = InterpolationMode.BILINEAR,
) -> Tensor:
    """Shrink until the shorter side has `size` pixels, antialiased unless `down` is nearest, and enlarge again.

    Frames that are no larger than that stay as they are.
    """
    height, width = frames.shape[-2:]
    if size >= min(height, width):
        return frames
    scale = size / min(height, width)
    small = F.resize(frames, [max(1, round(height * scale)), max(1, round(width * scale))], down, antialias=True)
    return F.resize(small, [height, width], up, antialias=True)


def sharpen(frames: Tensor, alpha: float, lightness: float = 1.0) -> Tensor:
    """Mix a share `alpha` of the sharp picture into the plain one, and clip the sum.

    The sharp picture has `8 + lightness` times each pixel less its eight neighbours, mirrored ones at the borders.

    Args:
        frames: (T, 3, H, W) uint8, at least 2 pixels a side.
        alpha: 0 changes nothing.
        lightness: of the sharp picture; below 1 darkens.

    Source: albumentations' sharpening, which SBI uses.
    """
    unit = as_unit(frames)
    block = 9 * nnf.avg_pool2d(nnf.pad(unit, [1] * 4, mode="reflect"), 3, stride=1)  # a pixel and its neighbours
    return as_bytes(unit + alpha * ((8 + lightness) * unit - block))


def chroma_subsampling(frames: Tensor, factor: int) -> Tensor:
    """Keep one chroma value for each `factor` x `factor` pixels, their mean, and interpolate between them."""
    height, width = frames.shape[-2:]
    ycbcr = to_ycbcr(as_unit(frames))
    small = nnf.avg_pool2d(ycbcr[:, 1:], factor, ceil_mode=True)
    ycbcr[:, 1:] = nnf.interpolate(small, (height, width), mode="bilinear", align_corners=False)
    return as_bytes(to_rgb(ycbcr))


def chromatic_aberration(frames: Tensor, shift: float) -> Tensor:
    """Enlarge red and shrink blue around the centre, as a simple lens does.

    Args:
        frames: (T, 3, H, W) uint8.
        shift: how far red and blue move at the edge of the shorter side, in pixels.
    """
    height, width = frames.shape[-2:]
    share = 2 * shift / min(height, width)
    y, x = ((torch.arange(n) * 2 + 1) / n - 1 for n in (height, width))
    grid = torch.stack([x.expand(height, -1), y[:, None].expand(-1, width)], -1)
    unit, out = as_unit(frames), frames.clone()
    for channel, scale in ((0, 1 - share), (2, 1 + share)):
        plane = nnf.grid_sample(
            unit[:, channel : channel + 1],
            (grid * scale).expand(len(frames), -1, -1, -1),
            padding_mode="border",
            align_corners=False,
        )
        out[:, channel : channel + 1] = as_bytes(plane)
    return out
