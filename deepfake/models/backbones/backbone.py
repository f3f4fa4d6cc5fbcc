"""What a backbone is: one image in, one vector out."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """Features of single images.

    Attributes:
        num_features: F.
        mean: per RGB channel, subtracted from values in [0, 1] before they come here.
        std: per RGB channel, divided by after that.
        name: as its publisher calls it; empty for a class that says it all.
        made_for: side in pixels of the images that it was made for, where it says so.
    """

    num_features: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    name: str = ""
    made_for: int | None = None

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, S, S), normalised -> (N, F)."""
