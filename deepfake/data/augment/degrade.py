"""The degradations that the winners of 2026 train with, and real H.264 over the window."""

from collections.abc import Callable, Mapping

from torch import Tensor

from deepfake.data.augment.augmentation import InWorker, Sample
from deepfake.data.augment.dice import Dice
from deepfake.distort.compress import h264, jpeg
from deepfake.distort.noise import gaussian_noise, salt_and_pepper, speckle
from deepfake.distort.sharpness import (
    chroma_subsampling,
    chromatic_aberration,
    gaussian_blur,
    motion_blur,
    resize,
)
from deepfake.distort.tone import banding, moire, vignetting
from deepfake.ranges import Amount, RateFactor, Share

_HALF_TURN = 3.141592653589793

# Each draws its strength; lengths are shares of the side, so that a clip of any size loses as much.
DEGRADATIONS: Mapping[str, Callable[[Tensor, Dice], Tensor]] = {
    "banding": lambda clip, dice: banding(clip, dice.whole(8, 48)),
    "blur": lambda clip, dice: gaussian_blur(clip, 7, dice.between(0.3, 2.0)),
    "chroma_subsampling": lambda clip, dice: chroma_subsampling(clip, dice.whole(2, 4)),
    "chromatic_aberration": lambda clip, dice: chromatic_aberration(clip, dice.between(0.002, 0.01) * clip.shape[-1]),
    "jpeg": lambda clip, dice: jpeg(clip, dice.whole(30, 95)),
    "moire": lambda clip, dice: moire(clip, dice.between(0.03, 0.15), dice.between(3, 12), dice.between(0, _HALF_TURN)),
    "motion_blur": lambda clip, dice: motion_blur(
        clip, max(1.0, dice.between(0.01, 0.05) * clip.shape[-1]), dice.between(0, _HALF_TURN)
    ),
    "noise": lambda clip, dice: gaussian_noise(clip, dice.between(0.005, 0.06), dice.generator),
    "resize": lambda clip, dice: resize(clip, max(1, round(dice.between(0.25, 0.8) * clip.shape[-1]))),
    "salt_and_pepper": lambda clip, dice: salt_and_pepper(clip, dice.between(0.001, 0.02), dice.generator),
    "speckle": lambda clip, dice: speckle(clip, dice.between(0.02, 0.15), dice.generator),
    "vignetting": lambda clip, dice: vignetting(clip, dice.between(0.1, 0.6)),
}


class DegradeAugmentation(InWorker):
    """Degrades a clip by some of twelve degradations, in random order, and compresses it as a video.

    Args:
        clean: probability that a clip is not degraded.
        most: the most degradations of a clip, of twelve; each number from 1 is as likely.
        h264: probability that a clip that is not clean is compressed as H.264 at last.
        min_crf: finest constant rate factor.
        max_crf: coarsest constant rate factor.
        flip: probability of a flip, of clean clips too.

    Source: the winners of NTIRE 2026. How likely and how strong each is are our choices.
    """

    distortions = (*DEGRADATIONS, "h264")

    def __init__(
        self,
        *,
        clean: Share = 0.2,
        most: Amount = 3,
        h264: Share = 0.3,
        min_crf: RateFactor = 23,
        max_crf: RateFactor = 40,
        flip: Share = 0.5,
    ) -> None:
        self.clean = clean
        self.most = min(most, len(DEGRADATIONS))
        self.h264 = h264
        self.rates = sorted((min_crf, max_crf))
        self.flip = flip

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        dice = Dice(sample.generator)
        if dice.chance(self.flip):
            clip = clip.flip(-1)
        if dice.chance(self.clean):
            return clip
        count = dice.whole(1, self.most) if self.most else 0
        for name in dice.some_of(tuple(DEGRADATIONS), count):
            clip = DEGRADATIONS[name](clip, dice)
        return h264(clip, dice.whole(*self.rates), preset="veryfast") if dice.chance(self.h264) else clip
