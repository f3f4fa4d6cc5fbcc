"""A heat map over the crop that it explains."""

import matplotlib as mpl
import numpy as np
from PIL import Image

_COLOURS = "inferno"  # its lightness rises steadily, so it works in print and for the colour-blind
_OPACITY = 0.6  # of the strongest place


def overlay(crop: np.ndarray, heat_map: np.ndarray) -> Image.Image:
    """Lay a heat map over a crop; where the map is 0, the crop stays as it is.

    Args:
        crop: (S, S, 3) uint8 RGB.
        heat_map: (S, S) in [0, 1].
    """
    colours = mpl.colormaps[_COLOURS](heat_map)[..., :3] * 255
    opacity = _OPACITY * heat_map[..., None]
    return Image.fromarray(np.rint(crop * (1 - opacity) + colours * opacity).astype(np.uint8))
