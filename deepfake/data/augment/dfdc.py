"""The augmentation of the DFDC winner: parts of the face are cut out, by its landmarks."""

import numpy as np
import torch
from torch import Tensor

from deepfake.data.augment.augmentation import InWorker, Sample
from deepfake.data.augment.dice import Dice
from deepfake.data.augment.face_shape import HULL, eye_distance, filled, near, place
from deepfake.data.augment.gend import moved
from deepfake.distort.compress import jpeg
from deepfake.distort.noise import gaussian_noise
from deepfake.distort.sharpness import gaussian_blur
from deepfake.ranges import NotNegative, Percent, Share

_RADIUS = 0.25  # around what is cut out, in distances of the eyes
_NOISE = (3 / 255, 7 / 255)  # standard deviation
_HALVES = {"left": (0, -1), "right": (0, 1), "upper": (1, -1), "lower": (1, 1)}  # axis of the template, and side of it
_MIDDLE = (0.0, 0.62)  # the tip of the nose, where a face is halved
_RANDOM = (0.1, 0.4)  # side of a random cut-out, as a share of the clip's


class DfdcAugmentation(InWorker):
    """Cuts out eyes, nose or mouth, half a face or a random place, then compresses, blurs and moves.

    Args:
        part: probability that eyes, nose or mouth become black.
        half: else, probability that half the face does.
        random: else, probability that a random rectangle does.
        jpeg: probability of JPEG compression.
        min_quality: lowest JPEG quality, of 100.
        noise: probability of noise.
        blur: probability of a blur.
        flip: probability of a flip.
        move: probability of a shift, scale and rotation.
        shift: largest shift, as a share of the side.
        scale: the scale is between 1 - scale and 1 + scale.
        angle: largest rotation, in degrees.

    Source: the winner of the DFDC, the authors' training code.

    Differs: their isotropic resize is done by the cut, which keeps proportions; half a face is half the hull that fits
    five landmarks, where they had 68. How likely a move is and how loud noise is are our choices.
    """

    needs_landmarks = True
    distortions = ("blur", "cut_out", "jpeg", "noise")

    def __init__(
        self,
        *,
        part: Share = 0.7,
        half: Share = 0.2,
        random: Share = 0.1,
        jpeg: Share = 0.5,
        min_quality: Percent = 60,
        noise: Share = 0.1,
        blur: Share = 0.05,
        flip: Share = 0.5,
        move: Share = 0.5,
        shift: Share = 0.1,
        scale: Share = 0.2,
        angle: NotNegative = 10.0,
    ) -> None:
        self.part, self.half, self.random = part, half, random
        self.jpeg, self.min_quality = jpeg, min_quality
        self.noise, self.blur, self.flip, self.move = noise, blur, flip, move
        self.moves = (angle, shift, scale)

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        assert sample.landmarks is not None
        dice = Dice(sample.generator)
        clip = self._cut_out(clip, sample.landmarks.numpy(), dice)
        if dice.chance(self.jpeg):
            clip = jpeg(clip, dice.whole(self.min_quality, 100))
        if dice.chance(self.noise):
            clip = gaussian_noise(clip, dice.between(*_NOISE), sample.generator)
        if dice.chance(self.blur):
            clip = gaussian_blur(clip, 3, 0.8)
        if dice.chance(self.flip):
            clip = clip.flip(-1)
        return moved(clip, dice, *self.moves) if dice.chance(self.move) else clip

    def _cut_out(self, clip: Tensor, landmarks: np.ndarray, dice: Dice) -> Tensor:
        """Blacken something in all frames, at the face's place in each of them."""
        size = clip.shape[-1]
        if dice.chance(self.part):
            part = dice.one_of(("eyes", "nose", "mouth"))
            masks = [part_mask(part, five, size) for five in landmarks]
        elif dice.chance(self.half):
            half = dice.one_of(tuple(_HALVES))
            masks = [half_mask(half, five, size) for five in landmarks]
        elif dice.chance(self.random):
            (width, height) = (round(dice.between(*_RANDOM) * size) for _ in range(2))
            left, top = dice.whole(0, size - width), dice.whole(0, size - height)
            mask = np.zeros((size, size), bool)
            mask[top : top + height, left : left + width] = True
            masks = [mask] * len(clip)
        else:
            return clip
        return clip.masked_fill(torch.from_numpy(np.stack(masks))[:, None], 0)


def part_mask(part: str, landmarks: np.ndarray, size: int) -> np.ndarray:
    """Return the mask (size, size) of the `eyes`, the `nose` or the `mouth` of a face with five landmarks (5, 2)."""
    left, right, nose, *mouth = landmarks.astype(np.float64)
    first, last = {"eyes": (left, right), "nose": ((left + right) / 2, nose), "mouth": (mouth[0], mouth[1])}[part]
    return near(first, last, _RADIUS * eye_distance(landmarks), size)


def half_mask(half: str, landmarks: np.ndarray, size: int) -> np.ndarray:
    """Return the mask (size, size) of the `left`, `right`, `upper` or `lower` half of a face."""
    axis, side = _HALVES[half]
    hull = HULL - _MIDDLE
    hull[:, axis] = (hull[:, axis] * side).clip(0) * side
    return filled(place(hull + _MIDDLE, landmarks), size)
