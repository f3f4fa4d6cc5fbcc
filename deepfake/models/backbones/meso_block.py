"""What MesoNet's two networks share: a block of convolution, ReLU, BatchNorm and max-pool, four of which are stacked.

Source: Afchar et al. 2018, "MesoNet: a Compact Facial Video Forgery Detection Network", and its code.
Differs: at sizes where a pool leaves a remainder, Keras pads on both sides and this on the right and below. At 256
there is none. From scratch, the layers begin as PyTorch's do, and BatchNorm's momentum is PyTorch's 0.1; the authors
had Keras's, which are Glorot's uniform kernels, biases of zero and a momentum of 0.99, here 0.01. With all of Keras's
the demo (8 epochs, 128 steps) is not learned: its test AUC is 0.57 and 0.60 with seeds 0 and 1, since the running
statistics still hold 28 % of their first values. With Keras's initialisation alone it is 1.00, as with PyTorch's, but
the test log-loss is 0.141 and 0.176, where PyTorch's leaves 0.027 and 0.036.
"""

from torch import nn

POOLS = (2, 2, 2, 4)  # max-pools of the four blocks
NUM_CHANNELS = 16  # channels of the last block
MAP_LAYER = "blocks.3.1"  # its ReLU: before the pool, which leaves 4x4 of 128 pixels, and with activations above 0


class MesoBlock(nn.Sequential):
    """(N, C, S, S) -> (N, C', ceil(S / pool), ceil(S / pool)).

    Args:
        convolution: maps C channels to C' and keeps S.
        channels: C'.
        pool: side of the max-pool's window, and its stride.
        norm_eps: BatchNorm's epsilon; Keras's default, as published.
    """

    def __init__(self, convolution: nn.Module, channels: int, pool: int, norm_eps: float = 1e-3) -> None:
        super().__init__(
            convolution,
            nn.ReLU(),
            nn.BatchNorm2d(channels, eps=norm_eps),
            # Keras pads "same", so a remainder at the border gets a window of its own.
            nn.MaxPool2d(pool, ceil_mode=True),
        )


def num_features(size: int) -> int:
    """Return the number of features that four blocks compute from an image.

    Example:
        >>> num_features(256), num_features(224)
        (1024, 784)
    """
    for pool in POOLS:
        size = -(-size // pool)
    return NUM_CHANNELS * size * size
