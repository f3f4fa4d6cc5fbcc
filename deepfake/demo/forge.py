"""Make deepfakes: a generated face, colour-matched, warped to the pose and blended in.

`faceswap` replaces the target's face by another person's with the target's expression. `reenact` keeps the target's
face and gives it another person's expression. Both are made as usual: small, sharpened, and each frame aligned on its
own. `seamless` is a face swap with every detail and exactly aligned. `flicker` puts no face in: see `shoot`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import interpolate
from torchvision.transforms.v2.functional import gaussian_blur

from deepfake.demo.canvas import window
from deepfake.demo.head import Head
from deepfake.demo.motion import Expression
from deepfake.demo.render import Actor, face_plane, light_head, sample

# The part of the face plane that a forger generates, from the brows to below the lips: u from, u to, v from, v to.
_PATCH = (-0.62, 0.62, -0.50, 0.98)
_RESOLUTION = (50, 40)  # rows and columns of the generated face, about half of what a frame shows
_MASK_CENTRE = (0.0, 0.25)
_MASK_SIZE = (0.56, 0.66)
_MASK_SOFT = 0.30  # share of the mask's radius over which it fades out
_JITTER = (0.012, 0.012, 0.010)  # right, down (units of the face plane) and scale
_KERNEL, _SIGMA = [5, 5], [0.7, 0.7]  # of the blur that parts the details of a generated face, in its pixels
_LUMA = torch.tensor((0.299, 0.587, 0.114))[:, None, None]  # ITU-R BT.601, as in `deepfake.texture`

Lens = Callable[[torch.Tensor], torch.Tensor]  # what the camera makes of a picture (3, H, W), noise aside


@dataclass(frozen=True, slots=True)
class Forgery:
    """What is put into a clip.

    Attributes:
        head: the head whose face is put in.
        expression: the expression of that face.
        jitter: (N, 3) float32, alignment error of each frame: right, down (units of the face plane) and scale.
        sharp: whether the generated face has every detail of the head, instead of `_RESOLUTION`.
    """

    head: Head
    expression: Expression
    jitter: np.ndarray
    sharp: bool = False


def draw_jitter(rng: np.random.Generator, num_frames: int) -> np.ndarray:
    """Draw (num_frames, 3) float32; each frame is aligned on its own, so the errors are independent."""
    return rng.normal(0, _JITTER, (num_frames, 3)).astype(np.float32)


def forge(picture: torch.Tensor, actor: Actor, forgery: Forgery, frame: int, lens: Lens) -> torch.Tensor:
    """Replace the actor's face in `picture` (3, H, W); the result is exactly equal to it outside the mask.

    A face that is not `sharp` is sharpened until the frame is as sharp, behind the lens, as it was.
    """
    target = _generate(actor.head, actor.motion.expression, actor, frame, forgery.sharp)
    source = _generate(forgery.head, forgery.expression, actor, frame, forgery.sharp)
    plane = face_plane(actor, frame, picture.shape[1], picture.shape[2], forgery.jitter[frame])
    face, place, mask = match_colour(source, target), _patch_plane(plane), blend_mask(plane)
    fake = picture * (1 - mask) + sample(face, place) * mask
    if forgery.sharp:
        return fake
    details = sample(face - gaussian_blur(face, _KERNEL, _SIGMA), place) * mask
    return fake + details * sharpening(lens(fake), lens(details), lens(picture))


def sharpening(fake: torch.Tensor, details: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Return how much of `details`, from -1 to 10, makes `fake` as sharp as `real`, or nearly so: a scalar.

    Sharpness is the variance of the Laplacian, a measure that tells nothing of what a picture shows. Without this, the
    null audit would tell the fakes by it: a face that is generated small is softer than what it covers. Amounts are
    1 to 6 in ordinary pictures; those of a flat face, or behind a lens that shows no details, have no meaning.

    Args:
        fake: (3, H, W) in [0, 1].
        details: (3, H, W), what a blur takes away from the face in `fake`.
        real: (3, H, W) in [0, 1].
    """
    soft, added, sharp = (_laplacian(each) for each in (fake, details, real))
    bend, slope = added.var(correction=0), ((soft - soft.mean()) * added).mean()
    missing = sharp.var(correction=0) - soft.var(correction=0)
    # The variance grows by 2 * slope * amount + bend * amount ** 2: of two solutions, the larger one sharpens.
    amount = ((slope**2 + bend * missing).clamp(min=0).sqrt() - slope) / bend if bend else bend
    return amount.clamp(-1, 10)


def _laplacian(picture: torch.Tensor) -> torch.Tensor:
    """Return the Laplacian of the luma of (3, H, W), for each pixel with four neighbours."""
    luma = (picture * _LUMA).sum(0)
    beside, above = luma[1:-1, :-2] + luma[1:-1, 2:], luma[:-2, 1:-1] + luma[2:, 1:-1]
    return beside + above - 4 * luma[1:-1, 1:-1]


def _generate(head: Head, expression: Expression, actor: Actor, frame: int, sharp: bool) -> torch.Tensor:
    """Return a generated face in the light of the actor's clip, (3, *_RESOLUTION) or as large as in the texture."""
    rows, columns = window(*_PATCH)
    lit = light_head(head, expression, actor.motion.light, frame)[:, rows, columns]
    return lit if sharp else interpolate(lit[None], size=_RESOLUTION, mode="area")[0]


def match_colour(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Give `source` (3, h, w) the mean and standard deviation of `target` (3, h, w) in each channel."""
    spread = target.std((1, 2), keepdim=True) / source.std((1, 2), keepdim=True).clamp(min=1e-3)
    moved = (source - source.mean((1, 2), keepdim=True)) * spread + target.mean((1, 2), keepdim=True)
    return moved.clamp(0, 1)


def blend_mask(plane: torch.Tensor) -> torch.Tensor:
    """Return a mask (1, H, W): 1 in the middle of the face, 0 from its outline on; `plane` is (H, W, 2)."""
    across = (plane[..., 0] - _MASK_CENTRE[0]) / _MASK_SIZE[0]
    down = (plane[..., 1] - _MASK_CENTRE[1]) / _MASK_SIZE[1]
    radius = (across.abs() ** 2.5 + down.abs() ** 2.5) ** (1 / 2.5)
    ramp = ((1 - radius) / _MASK_SOFT).clamp(0, 1)
    return (ramp * ramp * (3 - 2 * ramp))[None]


def _patch_plane(plane: torch.Tensor) -> torch.Tensor:
    """Map the face plane to [-1, 1] across the generated patch: (H, W, 2)."""
    left, right, top, bottom = _PATCH
    centre = torch.tensor(((left + right) / 2, (top + bottom) / 2))
    half = torch.tensor(((right - left) / 2, (bottom - top) / 2))
    return (plane - centre) / half
