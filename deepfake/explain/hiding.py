"""Hide a place of a frame by a blur that leaves colours and takes every detail."""

import math

from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

_SHARE = 1 / 16  # standard deviation of the blur as a share of the side of a frame


def blurred(images: Tensor) -> Tensor:
    """Blur images or maps with a Gaussian of a sixteenth of their side: (..., C, S, S) -> (..., C, S, S)."""
    sigma = images.shape[-1] * _SHARE
    kernel = 2 * math.ceil(2 * sigma) + 1
    return gaussian_blur(images, [kernel, kernel], [sigma, sigma])


def hidden(clips: Tensor, place: Tensor) -> Tensor:
    """Blur a place in clips.

    Args:
        clips: (..., T, 3, S, S) in [0, 1].
        place: (..., T, S, S) bool, True where a frame is blurred.
    """
    return blurred(clips).where(place.unsqueeze(-3), clips)
