"""Self-blended images: fakes that are made of reals while training.

A real is blended with itself, one of the two slightly changed and moved, within a mask around the face. So the seam and
the mismatch of a forgery are there, and nothing else that would tell it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from deepfake.data.augment.augmentation import InWorker, Sample
from deepfake.data.augment.blend_mask import draw_mask, moved, soft_masks
from deepfake.data.augment.dice import Dice
from deepfake.data.augment.own_landmarks import OwnLandmarks
from deepfake.distort.compress import jpeg
from deepfake.distort.pixels import as_bytes, as_unit
from deepfake.distort.sharpness import resize, sharpen
from deepfake.distort.tone import hue_saturation, linear, shift_rgb
from deepfake.ranges import BelowHalf, Share, Word

RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)  # of the mask
SHIFT_X, SHIFT_Y, SCALE = 0.03, 0.015, 0.95  # of the source
DRIFT = 0.1  # share of these ranges by which a window's source moves between its first and its last frame
_SMOOTH = 2.0  # frames; the deviation of the Gaussian by which landmarks are smoothed over a window
_MIRRORED = [1, 0, 2, 4, 3]  # landmarks of a mirrored face
_HUE = 0.3 / (2 * torch.pi)  # turns: 0.3 in radians


class Made(NamedTuple):
    """A clip (T, 3, S, S) uint8 and, if it is a blend, the masks (T, 1, S, S) in [0, 1] by which it was made."""

    clip: Tensor
    mask: Tensor | None


class SbiAugmentation(InWorker):
    """Makes a fake of a real by blending it with itself, and changes reals and blends alike.

    A real and its blend that share a seed differ in the blend alone. In a window one draw holds for all frames, and
    only the place of the source drifts a little.

    Args:
        flip: probability of a flip.
        post: probability factor of all that comes after the blend: colours and JPEG; 0 leaves them out.
        crop: largest share of the side that is cut off at each border at last.
        landmark_model: dotted name of a function that finds landmarks, 68 or 81 as published; the mask is then their
            hull. None places the mixture of masks by the five landmarks of the store. See `OwnLandmarks`.

    Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022, and the authors' code;
    for windows FakeSTormer, ICCV 2025.

    Differs: unless `landmark_model` is given, masks are a mixture that five landmarks place, since no wheel carries a
    model of 68 or 81 that runs. The last crop is published as the box and w/4 * U(.2, .8) at each border,
    w/8 at test: .05 to .2 of its side, and .125. A cut of the usual margin 1.3 holds .15, of which a crop of up to .077
    leaves .05 to .15; val and test keep the .15, since a model has one cut. `faces.margin=1.4 model.margin=1.4
    augment.crop=0.107` trains on the published range, and tests on .2. The cut is square unless `model.shape=box`, and
    is normalised as the network was pretrained, where the authors give values in [0, 1]. Hue, saturation and value are
    published as +-.3 without a unit; they are a turn by .3 radians and factors of 1 +- .3, since .3 of a grey level
    would change nothing.
    """

    needs_landmarks = True
    makes_fakes = True
    distortions = ("blend", "brightness", "hue_saturation", "jpeg")

    def __init__(
        self,
        *,
        flip: Share = 0.5,
        post: Share = 1.0,
        crop: BelowHalf = 0.077,
        landmark_model: Word | None = None,
    ) -> None:
        self.flip = flip
        self.post = post
        self.crop = crop
        self.landmark_model = landmark_model
        self._own = None if landmark_model is None else OwnLandmarks(landmark_model)

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        return self.make(clip, sample).clip

    def validating(self) -> "SbiAugmentation":
        """Return one that blends and changes nothing else."""
        return SbiAugmentation(flip=0.0, post=0.0, crop=0.0, landmark_model=self.landmark_model)

    def make(self, clip: Tensor, sample: Sample) -> Made:
        """Return what `in_worker` does, with the mask."""
        assert sample.landmarks is not None
        landmarks = smooth(sample.landmarks.numpy())
        # Two generators, so that what comes after the blend is the same for a real, for which no blend is drawn.
        of_both, of_blend = (
            torch.Generator().manual_seed(int(torch.randint(2**62, (), generator=sample.generator))) for _ in range(2)
        )
        dice = Dice(of_both)
        if dice.chance(self.flip):
            clip = clip.flip(-1)
            landmarks = landmarks[:, _MIRRORED] * (-1, 1) + (clip.shape[-1] - 1, 0)
        if not sample.blend:
            blended = Made(clip, None)
        else:
            outline = None if self._own is None else smooth(self._own(clip))
            blended = self_blended(clip, landmarks, of_blend, outline)
        clip = _after(blended.clip, dice, self.post)
        borders = [dice.between(0, self.crop) for _ in range(4)]
        return Made(*(None if each is None else _cropped(each, borders) for each in (clip, blended.mask)))  # type: ignore[arg-type]


def self_blended(clip: Tensor, landmarks: np.ndarray, generator: Generator, outline: np.ndarray | None = None) -> Made:
    """Blend a clip with itself.

    Args:
        clip: (T, 3, S, S) uint8, a real.
        landmarks: (T, 5, 2) in pixels.
        generator: draws everything.
        outline: (T, N, 2) in pixels, of which the hull is blended; None draws from the mixture of masks.
    """
    dice, length = Dice(generator), len(clip)
    mask_draw = draw_mask(dice)
    source = target = clip
    if dice.chance(0.5):
        source = _changed(clip, dice)
    else:
        target = _changed(clip, dice)
    x, y = (_drifting(dice.around(0, reach), reach, length, dice) for reach in (SHIFT_X, SHIFT_Y))
    scale = _drifting(dice.between(SCALE, 1 / SCALE), 1 - SCALE, length, dice)
    mask = soft_masks(mask_draw, landmarks, clip.shape[-1], x, y, scale, outline) * dice.one_of(RATIOS)
    return Made(blend(moved(as_unit(source), x, y, scale), as_unit(target), mask), mask)


def blend(source: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return mask * source + (1 - mask) * target, of floats in [0, 1], as uint8."""
    return as_bytes(mask * source + (1 - mask) * target)


def smooth(landmarks: np.ndarray) -> np.ndarray:
    """Smooth (T, N, 2) over time, so that a mask does not jitter as a finder does."""
    time = np.arange(len(landmarks))
    weights = np.exp(-((time[:, None] - time) ** 2) / (2 * _SMOOTH**2))
    weights /= weights.sum(1, keepdims=True)
    return (weights[:, :, None, None] * landmarks.astype(np.float64)).sum(1)


def _drifting(start: float, reach: float, length: int, dice: Dice) -> Tensor:
    """Return a value for each of T frames, which moves evenly by at most `DRIFT * reach`."""
    end = start + dice.around(0, DRIFT * reach)
    return torch.linspace(start, end, length, dtype=torch.float64)


def _changed(clip: Tensor, dice: Dice) -> Tensor:
    """Change the colours a little, and the sharpness either way."""
    if dice.chance(0.3):
        clip = shift_rgb(clip, *(dice.around(0, 20) for _ in range(3)))
    clip = linear(clip, dice.around(1, 0.1), dice.around(0, 0.1))
    change: Callable[[Tensor, Dice], Tensor] = dice.one_of((_coarser, _sharper))
    return change(clip, dice)


def _coarser(clip: Tensor, dice: Dice) -> Tensor:
    size = max(1, clip.shape[-1] // dice.one_of((2, 4)))
    return resize(clip, size, down=InterpolationMode.NEAREST, up=InterpolationMode.BILINEAR)


def _sharper(clip: Tensor, dice: Dice) -> Tensor:
    return sharpen(clip, dice.between(0.2, 0.5), dice.between(0.5, 1))


def _after(clip: Tensor, dice: Dice, post: float) -> Tensor:
    """Change real and blend alike. The probabilities are the authors', times `post`."""
    if dice.chance(0.3 * post):
        clip = shift_rgb(clip, *(dice.around(0, 20) for _ in range(3)))
    if dice.chance(0.3 * post):
        clip = linear(hue_saturation(clip, dice.around(0, _HUE), dice.around(1, 0.3)), dice.around(1, 0.3), 0)
    if dice.chance(0.3 * post):
        clip = linear(clip, dice.around(1, 0.3), dice.around(0, 0.3))
    return jpeg(clip, dice.whole(40, 100)) if dice.chance(0.5 * post) else clip


def _cropped(frames: Tensor, borders: list[float]) -> Tensor:
    """Cut shares of the side off the left, the top, the right and the bottom, and stretch what is left."""
    size = frames.shape[-1]
    left, top, right, bottom = (int(share * size) for share in borders)
    if not (left or top or right or bottom):
        return frames
    return F.resized_crop(frames, top, left, size - top - bottom, size - left - right, [size, size], antialias=True)
