"""Any image network of timm by name, without its classifier. No other module imports timm.

Source: timm, `create_model(..., num_classes=0)`; each model's own `pretrained_cfg` gives mean and std.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import timm
from timm.models import load_state_dict
from torch import Tensor

from deepfake.errors import ConfigError, WeightsError
from deepfake.models.backbones import Backbone
from deepfake.models.fit import load_exactly
from deepfake.models.torch_file import look
from deepfake.ranges import PathName, Word

_WRAPPERS = ("module.", "model.")  # DataParallel, and a network that is an attribute of a task


class Timm(Backbone):
    """A timm network whose output is its pooled features.

    Args:
        name: timm's name, such as `tf_efficientnet_b4.ns_jft_in1k`.
        pretrained: start from timm's published weights, which are downloaded once into the hub's cache.
        weights: start from this file instead, `.pth` or `.safetensors`; a classifier in it is ignored, and everything
            else must match. It may be wrapped: in `state_dict` or `model`, and with `module.` or `model.` before names.
        pool: what a transformer's tokens become: `token` (the class token), `avg` or `map` (attention); null is the
            network's own choice.
        any_size: let a transformer take images of another size than its own, by resampling its position embedding.

    Raises:
        ConfigError: timm has no such model.
        WeightsError: the weights cannot be loaded, or belong to another network.
    """

    def __init__(
        self,
        name: Word,
        *,
        pretrained: bool = False,
        weights: PathName | None = None,
        pool: Literal["token", "avg", "map"] | None = None,
        any_size: bool = False,
    ) -> None:
        super().__init__()
        _check_name(name)
        network = _network(name, pretrained and weights is None, pool, any_size)
        if weights is not None:
            _load(network, Path(weights), name)
        self.name = name
        self.made_for = network.pretrained_cfg["input_size"][-1]
        self.network = network
        # A transformer's last one is a block, whose output is no map: what asks for a map looks at its shape. Some
        # networks of timm list none.
        layers = getattr(network, "feature_info", None)
        self.map_layer = f"network.{layers[-1]['module']}" if layers else ""
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


def _network(name: str, pretrained: bool, pool: str | None, any_size: bool) -> Any:
    options: dict[str, Any] = {"num_classes": 0}
    if pool is not None:
        options["global_pool"] = pool
    if any_size:
        options["dynamic_img_size"] = True
    try:
        return timm.create_model(name, pretrained=pretrained, **options)
    except (TypeError, AssertionError) as error:  # a network without such an option, or without such a value of it
        given = " and ".join(f"model.backbone.{key}" for key, on in (("pool", pool), ("any_size", any_size)) if on)
        if not given:
            raise
        raise ConfigError(f"{name} cannot have {given}, an option of transformers ({_first_line(error)})") from error
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
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
    state = _unwrapped(state)
    classifier = network.pretrained_cfg["classifier"]
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier or ())
    state = {k: v for k, v in state.items() if not k.startswith(tuple(f"{n}." for n in names))}
    load_exactly(network, state, f"model.backbone.weights={path} are not those of {name}")


def _unwrapped(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take away what wrappers put before every name; no network of timm begins all its names so."""
    found = dict(state)
    while found and (prefix := next((p for p in _WRAPPERS if all(name.startswith(p) for name in found)), None)):
        found = {name.removeprefix(prefix): value for name, value in found.items()}
    return found


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
