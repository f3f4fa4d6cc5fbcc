"""An exaggerated view of what was changed, for corpora that have the real of a fake."""

import numpy as np
from PIL import Image

GAIN = 8.0  # by which a difference is enlarged
_GREY = 128  # where nothing was changed


def exaggerated_difference(fake: np.ndarray, real: np.ndarray, gain: float = GAIN) -> Image.Image:
    """Show fake minus real, many times enlarged, around a middle grey.

    Args:
        fake: (S, S, 3) uint8 RGB.
        real: (S, S, 3) uint8 RGB, the same frame and place of the real video.
        gain: factor by which the difference is enlarged.

    Raises:
        ValueError: the crops differ in shape.
    """
    if fake.shape != real.shape:
        raise ValueError(f"the fake crop has the shape {fake.shape} and the real one {real.shape}: cut both alike")
    difference = fake.astype(np.float64) - real
    return Image.fromarray(np.rint(_GREY + gain * difference).clip(0, 255).astype(np.uint8))
