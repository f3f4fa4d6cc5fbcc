"""The convolutions of MesoNet4: four, each with ReLU, its own BatchNorm and a max-pool of 2, 2, 2 and 4.

256x256 images become 16x8x8 features. With `MesoHead` it is the published network of 28,073 parameters (as Keras
counts them, running statistics included).

Source: Afchar et al. 2018, "MesoNet: a Compact Facial Video Forgery Detection Network", and its code, class `Meso4`.
"""

from torch import Tensor, nn

from deepfake.models.backbones import Backbone
from deepfake.models.backbones.meso_block import MAP_LAYER, NUM_CHANNELS, POOLS, MesoBlock, num_features
from deepfake.ranges import Above0, Deviations, Length, Means


class Meso4(Backbone):
    """MesoNet4 without its dense layers.

    Args:
        size: side of the images in pixels.
        conv_bias: True as published; False as in older PyTorch ports.
        norm_eps: BatchNorm's epsilon; Keras's default, as published.
        mean: subtracted from each RGB channel; 0 as published.
        std: each RGB channel is divided by it; 1 as published.
    """

    def __init__(
        self,
        size: Length = 256,
        *,
        conv_bias: bool = True,
        norm_eps: Above0 = 1e-3,
        mean: Means = (0.0, 0.0, 0.0),
        std: Deviations = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__()
        self.mean = (mean[0], mean[1], mean[2])
        self.std = (std[0], std[1], std[2])
        self.num_features = num_features(size)
        self.map_layer = MAP_LAYER

        def block(inputs: int, outputs: int, kernel: int, pool: int) -> MesoBlock:
            convolution = nn.Conv2d(inputs, outputs, kernel, padding="same", bias=conv_bias)
            return MesoBlock(convolution, outputs, pool, norm_eps)

        self.blocks = nn.Sequential(
            block(3, 8, 3, POOLS[0]),
            block(8, 8, 5, POOLS[1]),
            block(8, 16, 5, POOLS[2]),
            block(16, NUM_CHANNELS, 5, POOLS[3]),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.blocks(images).flatten(1)
