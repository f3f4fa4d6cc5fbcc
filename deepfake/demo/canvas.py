"""The face plane on which heads are painted, and three soft shapes that everything is painted with.

Coordinates: u to the right, v down, in units of half a head's height: the crown is at v = -1, the chin at v = 1 and the
eyes near v = 0. Textures are `(TEXELS, TEXELS)` and cover [-EXTENT, EXTENT] in both directions.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

EXTENT = 1.5
TEXELS = 300  # 100 per unit; a head in a frame of 240 rows has 45 to 80 pixels per unit, so textures are scaled down

_AXIS = ((np.arange(TEXELS, dtype=np.float32) + 0.5) / TEXELS * 2 - 1) * EXTENT
U: np.ndarray = np.broadcast_to(_AXIS[None, :], (TEXELS, TEXELS))
V: np.ndarray = np.broadcast_to(_AXIS[:, None], (TEXELS, TEXELS))


def window(u0: float, u1: float, v0: float, v1: float) -> tuple[slice, slice]:
    """Return the rows and columns of the texels that cover [u0, u1] x [v0, v1]."""
    u_from, u_to, v_from, v_to = (round((x / EXTENT + 1) / 2 * TEXELS) for x in (u0, u1, v0, v1))
    return slice(v_from, v_to), slice(u_from, u_to)


def inside(distance: np.ndarray, soft: float = 0.02) -> np.ndarray:
    """Return a shape's coverage in [0, 1] from the signed distance to its edge (negative inside), `soft` units wide."""
    return np.clip(0.5 - distance / soft, 0, 1)


def bump(u: np.ndarray, v: np.ndarray, centre: tuple[float, float], size: tuple[float, float]) -> np.ndarray:
    """Return a Gaussian hill of height 1."""
    return np.exp(-0.5 * (((u - centre[0]) / size[0]) ** 2 + ((v - centre[1]) / size[1]) ** 2))


def grain(rng: np.random.Generator, shape: tuple[int, ...], sigma: float | tuple[float, float]) -> np.ndarray:
    """Return smooth random texture with mean 0, standard deviation 1 and spots about `sigma` texels wide."""
    field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap")
    return (field - field.mean()) / field.std()
