"""The augmentation of GenD: flip, affine, blur, brightness and contrast, and JPEG always."""

from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from deepfake.data.augment.augmentation import InWorker, Sample
from deepfake.data.augment.dice import Dice
from deepfake.distort.compress import jpeg
from deepfake.distort.sharpness import gaussian_blur
from deepfake.distort.tone import linear
from deepfake.ranges import NotNegative, Percent, Share

_KERNEL, _SIGMA = 7, (0.1, 2.0)


class GendAugmentation(InWorker):
    """Moves, blurs and colours a clip, in the order of the authors, and compresses it.

    Args:
        flip: probability of a flip.
        angle: largest rotation, in degrees.
        shift: largest shift in x and in y, as a share of the side.
        scale: the scale is between 1 - scale and 1 + scale.
        blur: probability of a Gaussian blur, kernel 7, sigma 0.1 to 2.
        colour: contrast is a factor from 1 - colour to 1 + colour, brightness a shift by at most this share of white.
        min_quality: lowest JPEG quality; every clip is compressed, at up to 100.

    Source: GenD, WACV 2026, the authors' configuration.

    Differs: they turn and stretch each face so that its five points lie at (.34, .46) (.66, .46) (.5, .64) (.37, .82)
    (.63, .82) of a square, times 1.3. Here a cut is an upright square around the finder's box, and there is no option
    for an aligned one: a face that is aligned frame by frame moves against the other frames of its window. They augment
    a face at its own size and resize it to the network's afterwards, bicubic; here it is cut at the network's size
    before, bilinear, so JPEG's blocks are of 8 x 8 pixels of the input.
    """

    distortions = ("blur", "brightness", "jpeg")

    def __init__(
        self,
        *,
        flip: Share = 0.5,
        angle: NotNegative = 10.0,
        shift: Share = 0.1,
        scale: Share = 0.1,
        blur: Share = 0.1,
        colour: Share = 0.1,
        min_quality: Percent = 40,
    ) -> None:
        self.flip = flip
        self.angle = angle
        self.shift = shift
        self.scale = scale
        self.blur = blur
        self.colour = colour
        self.min_quality = min_quality

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        dice = Dice(sample.generator)
        if dice.chance(self.flip):
            clip = clip.flip(-1)
        clip = moved(clip, dice, self.angle, self.shift, self.scale)
        if dice.chance(self.blur):
            clip = gaussian_blur(clip, _KERNEL, dice.between(*_SIGMA))
        clip = linear(clip, dice.around(1, self.colour), dice.around(0, self.colour))
        return jpeg(clip, dice.whole(self.min_quality, 100))


def moved(clip: Tensor, dice: Dice, angle: float, shift: float, scale: float) -> Tensor:
    """Rotate, shift and scale (T, 3, S, S) uint8 around its centre; what comes in from outside is black.

    Args:
        clip: the frames, of which all are moved alike.
        dice: draws by how much.
        angle: at most so many degrees.
        shift: at most this share of the side, in x and in y.
        scale: by a factor between 1 - scale and 1 + scale.
    """
    side = clip.shape[-1]
    turn, x, y, factor = dice.around(0, angle), dice.around(0, shift), dice.around(0, shift), dice.around(1, scale)
    return F.affine(
        clip, turn, [round(x * side), round(y * side)], factor, [0.0, 0.0], interpolation=InterpolationMode.BILINEAR
    )
