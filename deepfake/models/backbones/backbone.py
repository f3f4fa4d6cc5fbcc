"""What a backbone is: one image in, one vector out."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """Features of single images.

    Attributes:
        num_features: F.
        mean: per RGB channel, subtracted from values in [0, 1] before they come here.
        std: per RGB channel, divided by after that.
    """

    num_features: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, S, S), normalised -> (N, F)."""
