"""The seven distortions of DeeperForensics-1.0 with five levels each, and its sets. They are for whole frames.

Source: Jiang et al., "DeeperForensics-1.0", CVPR 2020, and the authors' published perturbation code.

Differs: what the authors distribute went through an XVID .avi and a default H.264 encode besides, but for VC.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from deepfake.distort.compress import h264
from deepfake.distort.noise import blocks, ycbcr_noise
from deepfake.distort.sharpness import gaussian_blur, pixelate
from deepfake.distort.tone import brightness, saturation

# What each type's strength is at levels 1 to 5.
STRENGTHS: Mapping[str, Sequence[float]] = {
    "CS": (0.4, 0.3, 0.2, 0.1, 0.0),  # colour saturation: factor of the chroma
    "CC": (0.85, 0.725, 0.6, 0.475, 0.35),  # colour contrast: factor of the values
    "BW": (16, 32, 48, 64, 80),  # blockwise: blocks for each 256 pixels
    "GNC": (0.001, 0.002, 0.005, 0.01, 0.05),  # Gaussian noise in colour: variance
    "GB": (7, 9, 13, 17, 21),  # Gaussian blur: kernel, whose sigma is a sixth
    "JPEG": (2, 3, 4, 5, 6),  # no JPEG: factor of the loss of resolution
    "VC": (30, 32, 35, 38, 40),  # video compression: constant rate factor
}
LEVELS = range(1, 6)
SETS = "level_1 to level_5, random_level, or mix_1 to mix_7"
_SET = re.compile(r"level_([1-5])|(random_level)|mix_([1-7])")

FUNCTIONS: Mapping[str, Callable[[Tensor, float, Generator], Tensor]] = {
    "CS": lambda frames, strength, _: saturation(frames, strength),
    "CC": lambda frames, strength, _: brightness(frames, strength),
    "BW": lambda frames, strength, generator: blocks(frames, int(strength), generator),
    "GNC": ycbcr_noise,
    "GB": lambda frames, strength, _: gaussian_blur(frames, int(strength), strength / 6),
    "JPEG": lambda frames, strength, _: pixelate(frames, int(strength)),
    "VC": lambda frames, strength, _: h264(frames, int(strength)),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One distortion.

    Attributes:
        kind: a key of `STRENGTHS`, or of all `deepfake.distort.catalogue.KINDS`.
        level: 1 to 5.
    """

    kind: str
    level: int


def is_set(name: str) -> bool:
    """Return whether a name is that of a set, which draws types and levels for each video."""
    return _SET.fullmatch(name) is not None


def draw_steps(name: str, generator: Generator) -> list[Step]:
    """Draw what happens to a video of one of the sets.

    Args:
        name: `level_1` to `level_5`, one type at that level; `random_level`, a type and a level; `mix_1` to `mix_7`, so
            many different types in random order, each at a level of its own.
        generator: draws types and levels.

    Raises:
        ValueError: there is no such set.
    """
    found = _SET.fullmatch(name)
    if not found:
        raise ValueError(f"{name} is no set: give {SETS}")
    level, _, mixed = found.groups()
    kinds = [*STRENGTHS]
    chosen = torch.randperm(len(kinds), generator=generator)[: int(mixed or 1)].tolist()
    levels = torch.randint(LEVELS.start, LEVELS.stop, (len(chosen),), generator=generator).tolist()
    return [Step(kinds[i], int(level or drawn)) for i, drawn in zip(chosen, levels, strict=True)]
