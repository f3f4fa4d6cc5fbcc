"""Provides the dataset that everyone writes: it reads, resizes, changes and normalises image files one by one.

It reads with OpenCV if that is installed, as most such datasets do, and with Pillow otherwise. It changes images as
`deepfake.data.augment.BasicAugmentation` does: flip, brightness, contrast, saturation and JPEG, drawn once per clip.
"""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

cv2: Any = import_module("cv2") if find_spec("cv2") else None
READER = "OpenCV" if cv2 else "Pillow"
GREY = np.array([0.2989, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Draw:
    """The changes to all frames of a clip; a factor of 1 and a quality of None change nothing."""

    flip: bool = False
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    quality: int | None = None


class PlainDataset(Dataset[tuple[Tensor, int]]):
    """Clips of image files.

    Args:
        clips: files of the frames of each clip.
        labels: labels of the clips.
        size: S, side in pixels that images are resized to.
        mean: mean of each channel, in [0, 1].
        std: standard deviation of each channel.
        flip: probability of a flip.
        colour: each factor lies between 1 - colour and 1 + colour.
        jpeg: probability of a compression.
        min_quality: lowest JPEG quality, of 100.
    """

    def __init__(
        self,
        clips: Sequence[Sequence[Path]],
        labels: Sequence[int],
        size: int,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        flip: float = 0.0,
        colour: float = 0.0,
        jpeg: float = 0.0,
        min_quality: int = 60,
    ) -> None:
        self.clips = clips
        self.labels = labels
        self.size = size
        self.mean = np.array(mean, np.float32)
        self.std = np.array(std, np.float32)
        self.flip = flip
        self.colour = colour
        self.jpeg = jpeg
        self.min_quality = min_quality

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return (T, 3, S, S) float, normalised, and the label."""
        draw = self.draw()
        frames = [self.normalised(changed(resized(read(path), self.size), draw)) for path in self.clips[index]]
        return torch.stack(frames), int(self.labels[index])

    def draw(self) -> Draw:
        brightness, contrast, saturation = (random.uniform(1 - self.colour, 1 + self.colour) for _ in range(3))
        quality = random.randint(self.min_quality, 100) if random.random() < self.jpeg else None
        return Draw(random.random() < self.flip, brightness, contrast, saturation, quality)

    def normalised(self, image: np.ndarray) -> Tensor:
        image = (image.astype(np.float32) / 255 - self.mean) / self.std
        return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def read(path: Path) -> np.ndarray:
    """Read an image file as (H, W, 3) uint8 RGB."""
    if cv2:
        return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def resized(image: np.ndarray, size: int) -> np.ndarray:
    """Resize an image to (size, size, 3) uint8, antialiased."""
    if cv2:
        return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))


def changed(image: np.ndarray, draw: Draw) -> np.ndarray:
    """Change an image (S, S, 3) uint8 as drawn."""
    if draw.flip:
        image = image[:, ::-1]
    pixels = np.clip(image.astype(np.float32) * draw.brightness, 0, 255)
    middle = (pixels @ GREY).mean()
    pixels = np.clip(middle + draw.contrast * (pixels - middle), 0, 255)
    grey = (pixels @ GREY)[..., None]
    pixels = np.clip(grey + draw.saturation * (pixels - grey), 0, 255)
    image = pixels.astype(np.uint8)
    return image if draw.quality is None else recompressed(image, draw.quality)


def recompressed(image: np.ndarray, quality: int) -> np.ndarray:
    """Compress an image (S, S, 3) uint8 RGB as JPEG and decode it again."""
    if cv2:
        _, content = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
