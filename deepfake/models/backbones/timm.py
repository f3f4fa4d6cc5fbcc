"""Any image network of timm by name, its classifier left out. The one door to timm.

Source: timm, `create_model(..., num_classes=0)`; each model's own `pretrained_cfg` gives mean and std.
"""

from pathlib import Path

import timm
from timm.models import load_state_dict
from torch import Tensor, nn

from deepfake.errors import ConfigError, WeightsError
from deepfake.models.backbones.backbone import Backbone


class Timm(Backbone):
    """A timm network that ends in its pooled features.

    Args:
        name: as timm knows it, `tf_efficientnet_b4.ns_jft_in1k`.
        pretrained: start from timm's published weights, fetched once into the hub's cache.
        weights: start from this file instead, `.pth` or `.safetensors`; a classifier in it is left out, all else must match.

    Raises:
        ConfigError: timm knows no such model.
        WeightsError: the weights cannot be had, or belong to another network.
    """

    def __init__(self, name: str, *, pretrained: bool = True, weights: str | Path | None = None) -> None:
        super().__init__()
        if not timm.is_model(name):
            close = ", ".join(timm.list_models(f"*{name.partition('.')[0]}*")[:8])
            raise ConfigError(f"model.backbone.name={name}: timm knows no such model{f'; near it: {close}' * bool(close)}")
        self.network = _published(name) if pretrained and weights is None else timm.create_model(name, num_classes=0)
        if weights is not None:
            _load(self.network, Path(weights), name)
        self.num_features = self.network.num_features
        self.mean = self.network.pretrained_cfg["mean"]
        self.std = self.network.pretrained_cfg["std"]

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images)


def _published(name: str) -> nn.Module:
    try:
        return timm.create_model(name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WeightsError(
            f"the pretrained weights of {name} cannot be downloaded ({reason}): give a local file as "
            "model.backbone.weights=PATH (.pth or .safetensors), or start from random ones with "
            "model.backbone.pretrained=false"
        ) from error


def _load(network: nn.Module, path: Path, name: str) -> None:
    if not path.is_file():
        raise WeightsError(f"model.backbone.weights={path} does not exist")
    try:
        state = load_state_dict(path, use_ema=False, weights_only=True)
    except Exception as error:  # torch, safetensors and pickle each raise their own for a damaged file
        raise WeightsError(f"model.backbone.weights={path} cannot be read: {str(error).splitlines()[0]}") from error
    classifier = network.pretrained_cfg["classifier"]
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    state = {k: v for k, v in state.items() if not k.startswith(tuple(f"{n}." for n in names))}
    expected = network.state_dict()
    wrong = sorted(k for k in state.keys() & expected.keys() if state[k].shape != expected[k].shape)
    missing, unknown = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    if wrong or missing or unknown:
        found = [f"{len(x)} {what} ({x[0]}, ...)" for x, what in
                 ((missing, "missing"), (unknown, "unknown"), (wrong, "of another shape")) if x]
        raise WeightsError(f"model.backbone.weights={path} are not those of {name}: {'; '.join(found)}")
    network.load_state_dict(state)
