"""What a temporal module is: the features of a clip's frames in, those of the clip out."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Temporal(nn.Module, ABC):
    """Joins the frames of a clip.

    Attributes:
        num_features: F', features of a clip.
        min_clip_length: frames a clip needs for this to mean anything.
    """

    num_features: int
    min_clip_length: int

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """(B, T, F) -> (B, F')."""
