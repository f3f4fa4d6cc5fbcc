"""The weakest direction of each attention layer trains."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from deepfake.models.backbones import Backbone
from deepfake.models.tune.tune import Tune, attention_layers, freeze

_FUSED = {"qkv": 3, "kv": 2}  # timm's name of a layer -> how many matrices lie in it, one below the other


class Effort(Tune):
    """Trains the last singular direction of each linear layer of the attention, q, k and v each for itself.

    Source: Effort (ICML 2025), 0.2 M parameters of CLIP ViT-L/14. Differs: the paper's orthogonality losses, which the
    authors' code leaves out, are left out. The published matrix stays whole, and what the direction has gained since is
    added to it: the same function, and the frozen weights stay those of the published file.
    """

    def apply(self, backbone: Backbone) -> None:
        """Freeze all but the directions."""
        layers = attention_layers(backbone, "model/tune=effort")
        freeze(backbone)
        for name, layer in layers.items():
            parts = _FUSED.get(name.rpartition(".")[2], 1)
            parametrize.register_parametrization(layer, "weight", Residual(layer.weight, parts), unsafe=True)


class Residual(nn.Module):
    """Adds what the last singular direction of a matrix has gained.

    Args:
        weight: (O, I), of which `parts` matrices (O / parts, I) lie one below the other.
        parts: number of matrices.
    """

    def __init__(self, weight: Tensor, parts: int) -> None:
        super().__init__()
        matrices = weight.detach().unflatten(0, (parts, -1))
        left, sizes, right = torch.linalg.svd(matrices, full_matrices=False)
        last = left[:, :, -1], sizes[:, -1], right[:, -1]
        for name, value in zip(("left", "sizes", "right"), last, strict=True):
            setattr(self, name, nn.Parameter(value.clone()))
            self.register_buffer(f"first_{name}", value.clone())

    first_left: Tensor
    first_sizes: Tensor
    first_right: Tensor

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight (O, I) that the layer uses."""
        now = _product(self.left, self.sizes, self.right)  # type: ignore[arg-type]
        return weight + (now - _product(self.first_left, self.first_sizes, self.first_right)).flatten(0, 1)


def _product(left: Tensor, sizes: Tensor, right: Tensor) -> Tensor:
    return torch.einsum("po,p,pi->poi", left, sizes, right)
