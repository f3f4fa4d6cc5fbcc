"""The convolutions of MesoInception4: MesoNet4 with two inception blocks first, which combine several scales.

256x256 images become 16x8x8 features. With `MesoHead` it is the published network of 28,725 parameters (as Keras
counts them, running statistics included).

Source: Afchar et al. 2018, "MesoNet: a Compact Facial Video Forgery Detection Network", section 2.2, and its code,
class `MesoInception4`.
"""

import torch
from torch import Tensor, nn

from deepfake.models.backbones import Backbone
from deepfake.models.backbones.meso_block import MAP_LAYER, NUM_CHANNELS, POOLS, MesoBlock, num_features
from deepfake.ranges import Length


class Inception(nn.Module):
    """Four parallel branches: 1x1; and 1x1, then 3x3 with dilation 1, 2 and 3.

    Each convolution has a bias and a ReLU; the last ReLU of all branches is the `MesoBlock`'s.

    Args:
        inputs: number of input channels.
        widths: channels of each branch; the output has their sum.
    """

    def __init__(self, inputs: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        branches = [nn.Sequential(nn.Conv2d(inputs, widths[0], 1))]
        for dilation, width in enumerate(widths[1:], start=1):
            dilated = nn.Conv2d(width, width, 3, padding="same", dilation=dilation)
            branches.append(nn.Sequential(nn.Conv2d(inputs, width, 1), nn.ReLU(), dilated))
        self.branches = nn.ModuleList(branches)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, S, S) -> (N, sum of the widths, S, S)."""
        return torch.cat([branch(images) for branch in self.branches], dim=1)


class MesoInception4(Backbone):
    """MesoInception4 without its dense layers; it takes values in [0, 1] without normalisation.

    Args:
        size: side of the images in pixels.
    """

    def __init__(self, size: Length = 256) -> None:
        super().__init__()
        self.mean = (0.0, 0.0, 0.0)
        self.std = (1.0, 1.0, 1.0)
        self.num_features = num_features(size)
        self.map_layer = MAP_LAYER
        self.blocks = nn.Sequential(
            MesoBlock(Inception(3, (1, 4, 4, 2)), 11, POOLS[0]),
            MesoBlock(Inception(11, (2, 4, 4, 2)), 12, POOLS[1]),
            MesoBlock(nn.Conv2d(12, 16, 5, padding="same"), 16, POOLS[2]),
            MesoBlock(nn.Conv2d(16, NUM_CHANNELS, 5, padding="same"), NUM_CHANNELS, POOLS[3]),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.blocks(images).flatten(1)
