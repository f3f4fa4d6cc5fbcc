"""Convert MesoNet's published weights from Keras's layout to ours.

    Keras                                     ours
    convolution   (h, w, in, out)             (out, in, h, w)
    dense         (in, out)                   (out, in)
    flatten       H, W, C                     C, H, W: the rows of the first dense kernel are permuted
    output        sigmoid, P(real)            a logit of P(fake): the last dense layer is negated

Source: Afchar et al. 2018, https://github.com/DariusAf/MesoNet, `classifiers.py` and `weights/`.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from deepfake.errors import WeightsError
from deepfake.models.backbones.meso_block import NUM_CHANNELS
from deepfake.models.fit import Shapes, check_shapes

# The number of layers of each kind tells the two apart. The names are those of conf/model/.
ARCHITECTURES = {
    "meso4": {"conv2d": 4, "batch_normalization": 4, "dense": 2},
    "mesoinception4": {"conv2d": 16, "batch_normalization": 4, "dense": 2},
}
# Our names of a module's tensors -> Keras's names.
_WEIGHTS: Mapping[type[nn.Module], tuple[str, Mapping[str, str]]] = {
    nn.Conv2d: ("conv2d", {"weight": "kernel", "bias": "bias"}),
    nn.BatchNorm2d: (
        "batch_normalization",
        {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"},
    ),
    nn.Linear: ("dense", {"weight": "kernel", "bias": "bias"}),
}


def architecture(found: Shapes, what: str) -> str:
    """Return which of the two networks a file holds, judged by its layers.

    Args:
        found: shapes by name, as `read_keras_shapes` returns them.
        what: beginning of the message, such as `weights=Meso4_DF.h5`.

    Raises:
        WeightsError: the file holds neither.
    """
    layers = {name.rpartition(".")[0] for name in found}
    counts = Counter(layer.rpartition(".")[0] for layer in layers)
    for name, expected in ARCHITECTURES.items():
        if counts == expected:
            return name
    wanted = " or ".join(f"{_listed(expected)} ({name})" for name, expected in ARCHITECTURES.items())
    raise WeightsError(f"{what} is not a MesoNet: found {_listed(counts) or 'no layers'}, expected {wanted}")


def check_keras(network: nn.Module, found: Shapes, what: str) -> None:
    """Check that a file's weights fit a network of ours, before they are read.

    Raises:
        WeightsError: see `check_shapes`.
    """
    state = network.state_dict()
    expected = {theirs: _keras_shape(state[ours]) for ours, theirs in _names(network).items()}
    check_shapes(found, expected, what)


def from_keras(network: nn.Module, arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Convert Keras's arrays, which `check_keras` has passed, to a network's whole state dict."""
    state = network.state_dict()
    for ours, theirs in _names(network).items():
        value = torch.from_numpy(arrays[theirs])
        if value.ndim == 4:
            value = value.permute(3, 2, 0, 1)
        elif theirs == "dense.0.kernel":
            side = round((len(value) / NUM_CHANNELS) ** 0.5)
            value = value.T.reshape(-1, side, side, NUM_CHANNELS).permute(0, 3, 1, 2).flatten(1)
        elif value.ndim == 2:
            value = value.T
        state[ours] = (-value if theirs.startswith("dense.1.") else value).contiguous()
    return state


def _names(network: nn.Module) -> dict[str, str]:
    """Return Keras's name for each of ours; both make their layers in the same order."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for path, module in network.named_modules():
        if type(module) in _WEIGHTS:
            kind, weights = _WEIGHTS[type(module)]
            names |= {f"{path}.{ours}": f"{kind}.{counts[kind]}.{theirs}" for ours, theirs in weights.items()}
            counts[kind] += 1
    return names


def _keras_shape(value: Tensor) -> tuple[int, ...]:
    return tuple((value.permute(2, 3, 1, 0) if value.ndim == 4 else value.T if value.ndim == 2 else value).shape)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counts.items())
