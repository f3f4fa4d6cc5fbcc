"""The robustness sweep of GenD: four distortions of cut faces, each at rising strengths.

Source: GenD, WACV 2026. Of its noise only the ends, 0.01 and 0.2, are known to us; those between are ours.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Generator, Tensor

from deepfake.distort.compress import jpeg
from deepfake.distort.noise import gaussian_noise
from deepfake.distort.sharpness import gaussian_blur, resize

STRENGTHS: Mapping[str, Sequence[Any]] = {
    "jpeg": (100, 80, 60, 40, 20, 10),  # quality
    "blur": ((5, 0.5), (7, 1.0), (11, 1.5), (13, 2.0), (19, 3.0)),  # kernel and sigma
    "resize": (224, 112, 64),  # shorter side in pixels
    "noise": (0.01, 0.05, 0.1, 0.2),  # standard deviation
}
FUNCTIONS: Mapping[str, Callable[[Tensor, Any, Generator], Tensor]] = {
    "jpeg": lambda frames, quality, _: jpeg(frames, quality),
    "blur": lambda frames, strength, _: gaussian_blur(frames, *strength),
    "resize": lambda frames, size, _: resize(frames, size),
    "noise": gaussian_noise,
}
