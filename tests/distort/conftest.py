"""A moving scene of smooth waves, which compresses and blurs as pictures do."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def psnr(one: Tensor, other: Tensor) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    return 10 * math.log10(255**2 / float((one.double() - other.double()).square().mean()))


@pytest.fixture
def seed() -> Callable[[int], Generator]:
    return seeded


@pytest.fixture
def decibels() -> Callable[[Tensor, Tensor], float]:
    return psnr


@pytest.fixture(scope="session")
def scene() -> Tensor:
    """(4, 3, 256, 288) uint8 with coloured detail of several sizes."""
    y, x = torch.arange(256)[:, None].float(), torch.arange(288).float()

    def frame(t: int) -> Tensor:
        red = 128 + 90 * torch.sin((x + 2 * t) / 9) * torch.cos(y / 13)
        green = 128 + 70 * torch.cos((x - t) / 5 + y / 7)
        return torch.stack([red, green, 100 + 60 * torch.sin(y / 4 + x / 31)])

    return torch.stack([frame(t) for t in range(4)]).clamp(0, 255).to(torch.uint8)
