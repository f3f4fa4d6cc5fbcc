"""Any image network of timm by name, without its classifier. No other module imports timm.

Source: timm, `create_model(..., num_classes=0)`; each model's own `pretrained_cfg` gives mean and std.
"""

from pathlib import Path
from typing import Any

import timm
from timm.models import load_state_dict
from torch import Tensor

from deepfake.errors import ConfigError, WeightsError
from deepfake.models.backbones import Backbone
from deepfake.models.fit import load_exactly
from deepfake.models.torch_file import look
from deepfake.ranges import PathName, Word


class Timm(Backbone):
    """A timm network whose output is its pooled features.

    Args:
        name: timm's name, such as `tf_efficientnet_b4.ns_jft_in1k`.
        pretrained: start from timm's published weights, which are downloaded once into the hub's cache.
        weights: start from this file instead, `.pth` or `.safetensors`; a classifier in it is ignored, and everything
            else must match.

    Raises:
        ConfigError: timm has no such model.
        WeightsError: the weights cannot be loaded, or belong to another network.
    """

    def __init__(self, name: Word, *, pretrained: bool = False, weights: PathName | None = None) -> None:
        super().__init__()
        _check_name(name)
        published = pretrained and weights is None
        network: Any = _published(name) if published else timm.create_model(name, num_classes=0)
        if weights is not None:
            _load(network, Path(weights), name)
        self.name = name
        self.made_for = network.pretrained_cfg["input_size"][-1]
        self.network = network
        self.num_features = network.head_hidden_size  # counts layers between pool and classifier, if there are any
        self.mean = network.pretrained_cfg["mean"]
        self.std = network.pretrained_cfg["std"]

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.network(images)
        return features


def _check_name(name: str) -> None:
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        close = ", ".join(timm.list_models(f"*{architecture}*")[:8])
        raise ConfigError(f"model.backbone.name={name}: timm knows no such model{f'; near it: {close}' * bool(close)}")
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        known = ", ".join(tags) or "none"
        raise ConfigError(f"model.backbone.name={name}: timm has no weights {tag!r} for {architecture}; it has {known}")


def _published(name: str) -> Any:
    try:
        return timm.create_model(name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"the pretrained weights of {name} cannot be downloaded ({_first_line(error)}): give a local file as "
            "model.backbone.weights=PATH (.pth or .safetensors), or start from random ones with "
            "model.backbone.pretrained=false"
        ) from error


def _load(network: Any, path: Path, name: str) -> None:
    if not path.is_file():
        raise WeightsError(f"model.backbone.weights={path} does not exist")
    try:
        if path.suffix != ".safetensors":
            with path.open("rb") as file:
                look(file, f"model.backbone.weights={path}")
        state = load_state_dict(str(path), use_ema=False, weights_only=True)
    except WeightsError:
        raise
    except Exception as error:  # torch, safetensors and pickle raise different types for a damaged file
        raise WeightsError(f"model.backbone.weights={path} cannot be read safely: {_first_line(error)}") from error
    if not all(isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items()):
        raise WeightsError(f"model.backbone.weights={path} is not a state dict (tensors by name)")
    classifier = network.pretrained_cfg["classifier"]
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier or ())
    state = {k: v for k, v in state.items() if not k.startswith(tuple(f"{n}." for n in names))}
    load_exactly(network, state, f"model.backbone.weights={path} are not those of {name}")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
