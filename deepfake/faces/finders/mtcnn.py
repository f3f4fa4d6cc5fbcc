"""MTCNN: three small networks in a cascade. Its weights come with the facenet-pytorch wheel, so it needs no network.

facenet-pytorch is not installed with this package, because it asks for a torch of 2024; it is imported when it is
needed.

Source: Zhang et al. 2016, "Joint Face Detection and Alignment using Multitask Cascaded CNNs"; facenet-pytorch 2.6.
"""

from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from deepfake.errors import MissingPackageError
from deepfake.faces.finders.finder import Faces, Finder
from deepfake.faces.finders.weights import Packaged
from deepfake.ranges import Count, Length, Share


def _library() -> ModuleType:
    """facenet-pytorch.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import facenet_pytorch
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"faces=mtcnn needs the package facenet-pytorch ({error}): pip install --no-deps facenet-pytorch, or "
            "uv pip install --no-deps facenet-pytorch; without --no-deps it asks for a torch of 2024"
        ) from error
    return facenet_pytorch


def _weights_files() -> tuple[Path, ...]:
    data = Path(_library().__path__[0], "data")
    return tuple(data / f"{network}.pt" for network in ("pnet", "rnet", "onet"))


class Mtcnn(Finder):
    """facenet-pytorch's MTCNN over batches of frames.

    Args:
        device: where it runs.
        min_face_size: smallest face looked for, in pixels of the frame; the cost grows with its inverse square.
        thresholds: score a candidate needs after each of the three networks.
        max_size: a frame whose longer side is above this many pixels is shrunk to it; boxes come back in the
            frame's own pixels.
        batch_size: frames in one pass.

    Raises:
        MissingPackageError: facenet-pytorch is not installed.
    """

    weights_source: ClassVar[Packaged] = Packaged("facenet-pytorch", _weights_files)

    def __init__(
        self,
        device: str | torch.device = "cpu",
        *,
        min_face_size: Length = 20,
        thresholds: tuple[Share, Share, Share] = (0.6, 0.7, 0.7),
        max_size: Length = 960,
        batch_size: Count = 16,
    ) -> None:
        self.network = (
            _library()
            .MTCNN(keep_all=True, min_face_size=min_face_size, thresholds=list(thresholds), device=torch.device(device))
            .eval()
        )
        self.max_size = max_size
        self.batch_size = batch_size

    def find(self, frames: np.ndarray) -> list[Faces]:
        scale = min(1.0, self.max_size / max(frames.shape[1:3]))
        if min(frames.shape[1:3]) * scale < self.network.min_face_size:  # it fails when no size is left to look at
            return [_faces(None, np.zeros(0), None, scale) for _ in frames]
        found: list[Faces] = []
        for batch in torch.from_numpy(frames).split(self.batch_size):
            images = self._shrunk(batch.to(self.network.device), scale)
            boxes, scores, landmarks = self.network.detect(images, landmarks=True)
            found += [_faces(*face, scale) for face in zip(boxes, scores, landmarks, strict=True)]
        return found

    @staticmethod
    def _shrunk(batch: Tensor, scale: float) -> Tensor:
        """(T, H, W, 3) -> (T, H', W', 3); the network's own first step is an area resize, so antialias."""
        if scale == 1.0:
            return batch
        size = [round(side * scale) for side in batch.shape[1:3]]
        # One at a time: in floats a 4K frame takes 100 MB.
        small = [
            interpolate(frame.permute(2, 0, 1)[None].float(), size, mode="bilinear", antialias=True) for frame in batch
        ]
        return torch.cat(small).permute(0, 2, 3, 1)


def _faces(boxes: np.ndarray | None, scores: np.ndarray, landmarks: np.ndarray | None, scale: float) -> Faces:
    """One frame of facenet-pytorch's answer, where no face is `None` and `[None]`."""
    if boxes is None or landmarks is None:
        return Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))
    return Faces(
        np.asarray(boxes, np.float32) / scale,
        np.asarray(scores, np.float32),
        np.asarray(landmarks, np.float32) / scale,
    )
