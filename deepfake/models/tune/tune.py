"""The interface of what trains in a backbone, and the attention layers that two choices change."""

from abc import ABC, abstractmethod

from torch import nn

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone

_PROJECTIONS = ("qkv", "kv", "q", "q_proj", "k_proj", "v_proj", "proj")  # names of timm


class Tune(ABC):
    """Chooses the parameters of a backbone that train, and may add some."""

    @abstractmethod
    def apply(self, backbone: Backbone) -> None:
        """Change a backbone in place, once its weights are loaded."""


def freeze(backbone: nn.Module) -> None:
    """Freeze all parameters."""
    for parameter in backbone.parameters():
        parameter.requires_grad_(False)


def attention_layers(backbone: Backbone, what: str) -> dict[str, nn.Linear]:
    """Return the linear layers of all attention modules by name.

    Args:
        backbone: a transformer.
        what: who asks, for the message.

    Raises:
        ConfigError: the backbone has none.
    """
    found = {
        f"{name}.{key}": layer
        for name, module in backbone.named_modules()
        if "attention" in type(module).__name__.lower()
        for key, layer in module.named_children()
        if key in _PROJECTIONS and isinstance(layer, nn.Linear)
    }
    if not found:
        raise ConfigError(
            f"{what} changes the attention of a transformer, and {type(backbone).__name__} {backbone.name} has none: "
            "choose model/tune=all, head or norm, or a transformer such as model=clip"
        )
    return found


def source_name(name: str) -> str:
    """Return the name that a frozen parameter has in the backbone before anything is added to it.

    Example:
        >>> source_name("blocks.0.attn.qkv.parametrizations.weight.original")
        'blocks.0.attn.qkv.weight'
        >>> source_name("blocks.0.attn.qkv.base_layer.bias")
        'blocks.0.attn.qkv.bias'
    """
    return name.replace(".parametrizations.weight.original", ".weight").replace(".base_layer.", ".")
