"""Numbers that tell how a picture was blurred and compressed, whatever it shows."""

import numpy as np
from scipy.ndimage import laplace

_FEWEST_PIXELS = 64
BLOCK = 8  # side in pixels of the blocks of JPEG, MPEG-2 and MPEG-4, and of H.264's larger transform
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def grey(image: np.ndarray) -> np.ndarray:
    """Return the luma of (H, W, 3) uint8 RGB, (H, W) float64 in [0, 255]."""
    return image @ _LUMA


def laplacian_variance(luma: np.ndarray) -> float:
    """Return the variance of the Laplacian, which falls as a picture is blurred; 0 for a flat one.

    Args:
        luma: (H, W) in [0, 255].

    Source: Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    return float(laplace(luma, mode="mirror").var())


def sharpness(luma: np.ndarray) -> float:
    """Return the variance of the Laplacian as a share of the picture's own, which contrast and exposure do not change.

    Args:
        luma: (H, W) in [0, 255].

    Returns:
        0 for a blur without end, 20 for white noise; NaN for a flat picture.
    """
    variance = float(luma.var())
    return laplacian_variance(luma) / variance if variance else float("nan")


def block_grid(luma: np.ndarray) -> float:
    """Return which share of the steps between neighbours falls on the strongest grid of 8x8 blocks.

    The mean step is taken at each of the 8 positions that a grid can have, since a crop begins anywhere in its frame.

    Args:
        luma: (H, W) in [0, 255].

    Returns:
        From 1/8, where no position stands out, to 1, where all steps lie on a grid; the mean of the two directions. NaN
        if a side is shorter than two blocks.

    Source: Wang, Sheikh and Bovik, No-reference perceptual quality assessment of JPEG compressed images, ICIP 2002.
    Differs: there the grid begins at the picture's corner, and steps on it are compared with those off it by a
        quotient, which has no bound.
    """
    if min(luma.shape) < 2 * BLOCK:
        return float("nan")
    return float(np.mean([_strongest(np.abs(np.diff(luma, axis=axis)).mean(axis=1 - axis)) for axis in (0, 1)]))


def crop_blocks(image: np.ndarray) -> float:
    """Return `block_grid` of a crop; NaN below 64 pixels a side, where steps stand out on some grid by chance.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    return block_grid(grey(image)) if min(image.shape[:2]) >= _FEWEST_PIXELS else float("nan")


def _strongest(steps: np.ndarray) -> float:
    """Return the share of the strongest position among 8; (N,) is the mean step at each of N places."""
    means = np.array([steps[start::BLOCK].mean() for start in range(BLOCK)])
    return float(means.max() / means.sum()) if means.any() else 1 / BLOCK
