"""Conversions that distortions share: bytes to floats and back, RGB to YCbCr and back."""

import torch
from torch import Tensor

# ITU-R BT.601. Full range: Y, Cb and Cr in [0, 1], grey has chroma 0.5.
_TO_YCBCR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def as_unit(frames: Tensor) -> Tensor:
    """Convert uint8 to float32 in [0, 1]."""
    return frames.float() / 255


def as_bytes(frames: Tensor) -> Tensor:
    """Clip floats to [0, 1] and round them to uint8."""
    return (frames * 255).round_().clamp_(0, 255).to(torch.uint8)


def to_ycbcr(frames: Tensor) -> Tensor:
    """Convert RGB (T, 3, H, W) in [0, 1] to Y, Cb, Cr of full range, grey at chroma 0.5."""
    ycbcr = _mixed(frames, _TO_YCBCR)
    ycbcr[:, 1:] += 0.5
    return ycbcr


def to_rgb(frames: Tensor) -> Tensor:
    """Convert what `to_ycbcr` returns to RGB, not clipped."""
    frames = frames.clone()
    frames[:, 1:] -= 0.5
    return _mixed(frames, _TO_RGB)


def _mixed(frames: Tensor, weights: tuple[tuple[float, ...], ...]) -> Tensor:
    """Mix channels, element by element: a matrix product would round differently on another number of threads."""
    planes = frames.unbind(1)
    return torch.stack([sum(w * p for w, p in zip(row, planes, strict=True)) for row in weights], 1)  # type: ignore[misc]
