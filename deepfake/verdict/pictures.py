"""Small pictures as text, which stand in the journal beside the numbers and go into the page as they are."""

import base64
import io

import numpy as np
from PIL import Image

SIDE = 160  # of a thumbnail, in pixels
_QUALITY = 75  # a face of 160 pixels takes 2 to 4 kB


def encoded(picture: np.ndarray | Image.Image, side: int = SIDE) -> str:
    """Return a picture as a WebP in base64.

    Args:
        picture: (H, W, 3) uint8 RGB, or an image.
        side: the most pixels of its longer side; a smaller picture keeps its size.
    """
    small, content = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture.copy(), io.BytesIO()
    small.thumbnail((side, side))
    small.save(content, "WEBP", quality=_QUALITY)
    return base64.b64encode(content.getvalue()).decode()
