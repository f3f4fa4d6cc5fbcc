"""What a finder is: frames in, boxes with a score and five landmarks out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from deepfake.faces.finders.weights import Packaged, Published


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one frame, in no order.

    Attributes:
        boxes: (N, 4) float32, x0, y0, x1, y1 in pixels; may reach over the border of the frame.
        scores: (N,) float32 in [0, 1].
        landmarks: (N, 5, 2) float32, x, y of left eye, right eye, nose, left and right corner of the mouth.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    def above(self, score: float) -> "Faces":
        """Those whose finder score is at least `score`."""
        keep = self.scores >= score
        return Faces(self.boxes[keep], self.scores[keep], self.landmarks[keep])


class Finder(ABC):
    """Finds faces in frames of one size.

    Attributes:
        weights_source: where its weights come from. Of published ones the constructor takes the path, `weights`.
    """

    weights_source: ClassVar[Packaged | Published] = Packaged()

    @abstractmethod
    def find(self, frames: np.ndarray) -> list[Faces]:
        """Find every face.

        Args:
            frames: (T, H, W, 3) uint8 RGB.

        Returns:
            T entries; an entry without a face has length 0.
        """
