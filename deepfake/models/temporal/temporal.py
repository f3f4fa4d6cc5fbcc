"""The interface of a temporal module: it maps the features of a clip's frames to features of the clip."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Temporal(nn.Module, ABC):
    """Combines the frames of a clip.

    Attributes:
        num_features: F', number of features of a clip.
        min_clip_length: the fewest frames for which the module is useful.
    """

    num_features: int
    min_clip_length: int

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Combine frames: (B, T, F) -> (B, F')."""
