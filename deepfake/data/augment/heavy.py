"""The older project's list: brightness, hue and saturation, gamma, blur, noise, and JPEG at last."""

from torch import Tensor

from deepfake.data.augment.augmentation import InWorker, Sample
from deepfake.data.augment.dice import Dice
from deepfake.distort.compress import jpeg
from deepfake.distort.noise import gaussian_noise
from deepfake.distort.sharpness import gaussian_blur
from deepfake.distort.tone import brightness, gamma, hue_saturation
from deepfake.ranges import Below1, Percent, Share

_SIGMA = (0.3, 1.5)  # of the blur, in pixels
_HUE = 0.05  # turns


class HeavyAugmentation(InWorker):
    """Distorts a clip by several of six operations, each of a random strength.

    Args:
        clean: probability that a clip stays as it is; 0.5 is the older project's "joint" training.
        flip: probability of a flip, of clean clips too.
        each: probability of each operation, for a clip that is not clean.
        colour: brightness, saturation and gamma change by factors from 1 - colour to 1 + colour.
        noise: largest standard deviation, as a share of 255.
        min_quality: lowest JPEG quality, of 100.
        max_quality: highest JPEG quality, of 100.

    Source: the project that this one replaces, which augmented its files once: JPEG 40 to 80, Gaussian noise, blur,
    brightness, hue and saturation, gamma.

    Differs: every epoch draws anew; it did not keep how likely and how strong all but JPEG were.
    """

    distortions = ("blur", "brightness", "gamma", "hue_saturation", "jpeg", "noise")

    def __init__(
        self,
        *,
        clean: Share = 0.0,
        flip: Share = 0.5,
        each: Share = 0.5,
        colour: Below1 = 0.3,
        noise: Share = 0.05,
        min_quality: Percent = 40,
        max_quality: Percent = 80,
    ) -> None:
        self.clean = clean
        self.flip = flip
        self.each = each
        self.colour = colour
        self.noise = noise
        self.qualities = sorted((min_quality, max_quality))

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        dice = Dice(sample.generator)
        if dice.chance(self.flip):
            clip = clip.flip(-1)
        if dice.chance(self.clean):
            return clip
        if dice.chance(self.each):
            clip = brightness(clip, dice.around(1, self.colour))
        if dice.chance(self.each):
            clip = hue_saturation(clip, dice.around(0, _HUE), dice.around(1, self.colour))
        if dice.chance(self.each):
            clip = gamma(clip, dice.around(1, self.colour))
        if dice.chance(self.each):
            clip = gaussian_blur(clip, 7, dice.between(*_SIGMA))
        if dice.chance(self.each):
            clip = gaussian_noise(clip, dice.between(0, self.noise), sample.generator)
        if dice.chance(self.each):
            clip = jpeg(clip, dice.whole(*self.qualities))
        return clip
