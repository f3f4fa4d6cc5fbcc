"""Masks of self-blended images: a mixture of shapes that five landmarks place, bent, moved and softened.

Everything is done on a grid of 256 x 256 over the clip, so that masks do not depend on the size of the network's input.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf
from torchvision.transforms.v2 import functional as F

from deepfake.data.augment.dice import Dice
from deepfake.data.augment.face_shape import BROW, CHIN, HULL, eye_distance, filled, near, place
from deepfake.data.augment.own_landmarks import hull

GRID = 256
# Share of each kind of mask: which of them fits depends on the forgery; see `deepfake.data.augment.face_shape`.
KINDS = {"hull": 0.5, "ellipse": 0.2, "crop": 0.1, "parts": 0.2}
CHINS = (1.4, 2.0)  # lowest point of the hull below the eyes, in distances of the eyes
_BROWS = (-0.8, -0.2)  # its highest point
_ELASTIC, _ELASTIC_SIGMA = 50.0, 7.0  # in pixels of the grid
_SIDES = (192, 256)  # sizes at which a mask is softened
_KERNELS = (5, 25)
_SIGMAS = (5.0, 45.0)
_FULL = 1 - 1e-4  # what counts as 1 after a blur in single precision
_PARTS = ("mouth", "eyes", "nose")


@dataclass(frozen=True)
class MaskDraw:
    """All that is random about the mask of a clip.

    Attributes:
        kind: a key of `KINDS`.
        chin: lowest point of the hull, in distances of the eyes below them.
        brow: highest point of the hull, negative.
        stretch: factors of the ellipse's width and height.
        inset: distance of the nearly whole crop from each border, as a share of the side: left, top, right, bottom.
        parts: some of mouth, eyes and nose.
        radius: of the parts, in distances of the eyes.
        bend: (1, G, G, 2) displacement of the elastic deformation, in half sides.
        side: (height, width) at which the mask is softened.
        kernels: of the two blurs.
        sigma: of the second blur, in pixels.
    """

    kind: str
    chin: float
    brow: float
    stretch: tuple[float, float]
    inset: tuple[float, ...]
    parts: tuple[str, ...]
    radius: float
    bend: Tensor
    side: tuple[int, int]
    kernels: tuple[int, int]
    sigma: float


def draw_mask(dice: Dice) -> MaskDraw:
    """Draw a mask. All is drawn, whether the kind uses it or not."""
    chance, bounds = dice.between(0, 1), np.cumsum([*KINDS.values()])
    kind = [*KINDS][min(int(np.searchsorted(bounds, chance, side="right")), len(KINDS) - 1)]
    noise = torch.rand(1, 2, GRID, GRID, generator=dice.generator) * 2 - 1
    kernel = int(8 * _ELASTIC_SIGMA) + 1
    bend = _blurred(noise, kernel, _ELASTIC_SIGMA) * (_ELASTIC * 2 / GRID)
    return MaskDraw(
        kind=kind,
        chin=dice.between(*CHINS),
        brow=dice.between(*_BROWS),
        stretch=(dice.between(0.85, 1.1), dice.between(0.85, 1.1)),
        inset=tuple(dice.between(0.03, 0.1) for _ in range(4)),
        parts=tuple(dice.some_of(_PARTS, dice.whole(1, len(_PARTS)))),
        radius=dice.between(0.25, 0.4),
        bend=bend.permute(0, 2, 3, 1),
        side=(dice.whole(*_SIDES), dice.whole(*_SIDES)),
        kernels=(dice.odd(*_KERNELS), dice.odd(*_KERNELS)),
        sigma=dice.between(*_SIGMAS),
    )


def shape(drawn: MaskDraw, landmarks: np.ndarray) -> np.ndarray:
    """Return the mask of one frame before it is bent and softened.

    Args:
        drawn: the mask.
        landmarks: (5, 2) in pixels of the grid.

    Returns:
        (G, G) bool.
    """
    if drawn.kind == "crop":
        left, top, right, bottom = (round(share * GRID) for share in drawn.inset)
        mask = np.zeros((GRID, GRID), bool)
        mask[top : GRID - bottom, left : GRID - right] = True
        return mask
    if drawn.kind == "parts":
        left, right, nose, *mouth = landmarks.astype(np.float64)
        ends = {"mouth": (mouth[0], mouth[1]), "eyes": (left, right), "nose": ((left + right) / 2, nose)}
        radius = drawn.radius * eye_distance(landmarks)
        return np.logical_or.reduce([near(*ends[part], radius, GRID) for part in drawn.parts])
    if drawn.kind == "hull":
        x, y = HULL.T
        outline = np.stack([x, np.where(y > 0, y * drawn.chin / CHIN, y * drawn.brow / BROW)], 1)
    else:
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        width, height = drawn.stretch
        outline = np.stack([np.cos(angle) * 1.13 * width, np.sin(angle) * 1.45 * height + 0.6], 1)
    return filled(place(outline, landmarks), GRID)


def soft_masks(
    drawn: MaskDraw,
    landmarks: np.ndarray,
    size: int,
    x: Tensor,
    y: Tensor,
    scale: Tensor,
    outline: np.ndarray | None = None,
) -> Tensor:
    """Return the masks of a clip's frames, (T, 1, size, size) in [0, 1]; after the resize the highest may be below 1.

    Args:
        drawn: the mask.
        landmarks: (T, 5, 2) in pixels of the clip.
        size: side of the clip.
        x: (T,) how far the source moves to the right, as a share of the side.
        y: (T,) how far down.
        scale: (T,) by what factor it grows.
        outline: (T, N, 2) in pixels of the clip, whose hull is the mask instead of the drawn shape, if given.
    """
    points = landmarks if outline is None else outline
    on_grid = (points.astype(np.float64) + 0.5) * (GRID / size) - 0.5
    shapes = [shape(drawn, them) if outline is None else filled(hull(them), GRID) for them in on_grid]
    hard = torch.from_numpy(np.stack(shapes)).float()[:, None]
    mask = moved(hard, x, y, scale, drawn.bend, padding="zeros")
    return nnf.interpolate(_softened(mask, drawn), (size, size), mode="bilinear", antialias=True).clamp_(0, 1)


def moved(
    frames: Tensor, x: Tensor, y: Tensor, scale: Tensor, bend: Tensor | None = None, padding: str = "border"
) -> Tensor:
    """Shift and scale each frame (T, C, S, S) around its centre, by shares of the side, and bend it.

    Args:
        frames: floats.
        x: (T,) shift to the right.
        y: (T,) shift downwards.
        scale: (T,) factor of the size.
        bend: (1, S, S, 2) further displacement, in half sides.
        padding: what comes in from outside: `border` or `zeros`.
    """
    size = frames.shape[-1]
    at = (torch.arange(size) * 2 + 1) / size - 1
    centre = torch.stack([x, y], 1).float().view(-1, 1, 1, 2) * 2
    grid = torch.stack([at.expand(size, -1), at[:, None].expand(-1, size)], -1)[None]
    grid = (grid - centre) / scale.float().view(-1, 1, 1, 1)
    grid = grid if bend is None else grid + bend
    return nnf.grid_sample(frames, grid, padding_mode=padding, align_corners=False)


def _softened(mask: Tensor, drawn: MaskDraw) -> Tensor:
    """Blur, keep what is still full, which erodes the mask, and blur again."""
    mask = nnf.interpolate(mask, drawn.side, mode="bilinear", antialias=True)
    first, second = drawn.kernels
    mask = _to_one(_blurred(mask, first, 0.3 * ((first - 1) * 0.5 - 1) + 0.8))  # OpenCV's sigma for a kernel
    mask = mask.masked_fill(mask < _FULL, 0)
    return _to_one(_blurred(mask, second, drawn.sigma))


def _blurred(frames: Tensor, kernel: int, sigma: float) -> Tensor:
    """Blur floats (T, C, H, W) by rows and then by columns; torchvision's one step takes 20 times as long for 57."""
    for size in ([kernel, 1], [1, kernel]):
        frames = F.gaussian_blur(frames, size, [sigma, sigma])
    return frames


def _to_one(mask: Tensor) -> Tensor:
    """Divide each frame by its maximum."""
    return mask / mask.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
