"""The mean over the frames of a clip; a single frame stays as it is."""

from torch import Tensor

from deepfake.models.temporal import Temporal


class Mean(Temporal):
    """Averages the frames regardless of their order.

    Args:
        num_features: F.
    """

    min_clip_length = 1

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(1)
