"""The interface of a backbone: one image in, one vector out."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """Computes features of single images.

    Attributes:
        num_features: F, size of the feature vector.
        mean: of each RGB channel, subtracted from values in [0, 1] before they reach the backbone.
        std: of each RGB channel, by which values are then divided.
        name: the publisher's name; empty if the class identifies the network.
        map_layer: name of the submodule whose output is the last feature map (N, C, h, w) that is worth showing, for
            Grad-CAM; empty if there is none.
        made_for: side in pixels of the images that the network was made for, if it says so.
    """

    num_features: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    name: str = ""
    map_layer: str = ""
    made_for: int | None = None

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Compute features: (N, 3, S, S), normalised -> (N, F)."""
