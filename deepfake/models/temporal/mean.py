"""The mean over the frames of a clip; for a single frame, the frame."""

from torch import Tensor

from deepfake.models.temporal import Temporal


class Mean(Temporal):
    """Average of the frames, blind to their order.

    Args:
        num_features: F.
    """

    min_clip_length = 1

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(1)
