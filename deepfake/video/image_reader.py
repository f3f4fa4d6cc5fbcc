"""Pillow, the reader of images: a video of one frame, upright and in RGB; colour profiles are not applied."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from deepfake.errors import UnreadableVideoError
from deepfake.video.reader import VideoInfo, VideoReader

FORMATS = ("JPEG", "PNG", "WEBP")
_SINGLE = "only the first picture of an animated image is read"
_DEEP = "of 16 bits a pixel the upper 8 are read"
_SEEN_THROUGH = "what is transparent is shown on black"


class ImageReader(VideoReader):
    """An image opened with Pillow.

    Args:
        path: an existing file that is not empty.

    Raises:
        UnreadableVideoError: the file is no image of one of `FORMATS`, is damaged, or has too many pixels.
        OSError: the machine cannot read the file.
    """

    name = "pillow"

    def __init__(self, path: Path) -> None:
        self.path = path
        content = path.open("rb")  # an error of the disk is none of the file
        remarks = []
        try:
            with content, warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                image: Image.Image = Image.open(content, formats=FORMATS)
                if getattr(image, "is_animated", False) and image.format != "MPO":  # a photo with a preview
                    remarks.append(_SINGLE)
                image = ImageOps.exif_transpose(image)
                if image.mode.startswith("I"):  # grey of 16 bits, which Pillow would cut off at 255
                    remarks.append(_DEEP)
                    image = Image.fromarray(np.round(np.asarray(image) / 257).clip(0, 255).astype(np.uint8))
                if image.has_transparency_data:
                    remarks.append(_SEEN_THROUGH)
                    image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
                self._frame = np.asarray(image.convert("RGB"))
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise UnreadableVideoError(path, f"it has more than {Image.MAX_IMAGE_PIXELS} pixels") from error
        except Exception as error:  # Pillow's decoders raise whatever they come upon in damaged bytes
            raise UnreadableVideoError(path, f"it is no whole image ({type(error).__name__})") from error
        height, width = self._frame.shape[:2]
        self.info = VideoInfo(1, 0.0, height, width, container="image", codec="", remarks=tuple(remarks))

    def close(self) -> None:
        del self._frame

    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        return np.stack([self._frame for _ in indices])
