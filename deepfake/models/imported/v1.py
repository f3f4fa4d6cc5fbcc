"""Convert checkpoints of the older PyTorch project that this one replaces. Its names, and ours:

    convs.{0,4,8,12}.weight      convolution          backbone.blocks.{0,1,2,3}.0
    convs.{2,6,10,14}.*          BatchNorm            backbone.blocks.{0,1,2,3}.2
    linear.1.*  linear.4.*       dense (16 x 784, 1)  head.1  head.4

Its convolutions have no bias, and its output is a logit of P(fake), like ours.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from deepfake.models.fit import check_shapes, shapes

_LAYERS_PER_BLOCK = 4


def from_v1(network: nn.Module, weights: Mapping[str, Tensor], what: str) -> dict[str, Tensor]:
    """Return a network's whole state dict under our names.

    Args:
        network: `model=meso4_v1`.
        weights: the entry `model` of a v1 file.
        what: beginning of the message, such as `weights=best.pth.tar is not ...`.

    Raises:
        WeightsError: see `check_shapes`; the message has v1's names.
    """
    names = {ours: _v1_name(ours) for ours in network.state_dict()}
    # PyTorch before 0.4.1 stored no count of batches, and nothing that is computed here depends on it.
    counts = {name: torch.tensor(0) for name in names.values() if name.endswith(".num_batches_tracked")}
    weights = {**counts, **weights}
    expected = {names[ours]: shape for ours, shape in shapes(network.state_dict()).items()}
    check_shapes(shapes(weights), expected, what)
    return {ours: weights[theirs] for ours, theirs in names.items()}


def _v1_name(ours: str) -> str:
    """Example: `backbone.blocks.1.2.bias` is `convs.6.bias`, and `head.4.bias` is `linear.4.bias`."""
    part, _, rest = ours.partition(".")
    if part == "head":
        return f"linear.{rest}"
    _, block, layer, weight = rest.split(".")
    return f"convs.{_LAYERS_PER_BLOCK * int(block) + int(layer)}.{weight}"
