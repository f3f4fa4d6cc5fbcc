"""Names models in folders, in metrics and on dashboards; configs use it as `${model_name:${model}}`."""

import re
from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf

from deepfake.errors import ConfigError


def model_name(model: Mapping[str, Any]) -> str:
    """Name a model after its parts, whichever option chose them; a folder can have this name.

    The name is that of the network for single frames (timm's own, without the tag of its weights), followed by that of
    the module over time unless this is the mean. The head and other options are not in the name.

    Args:
        model: the config group `model`.

    Raises:
        ConfigError: a part is missing.

    Example:
        >>> timm = {"_target_": "deepfake.models.backbones.timm.Timm", "name": "tf_efficientnet_b4.ns_jft_in1k"}
        >>> model_name({"backbone": timm, "temporal": {"_target_": "deepfake.models.temporal.lstm.Lstm"}})
        'tf_efficientnet_b4_lstm'
    """
    backbone, temporal = _class_name(model, "backbone"), _class_name(model, "temporal")
    name = str(model["backbone"].get("name", "")).partition(".")[0] or backbone
    if backbone == "meso4" and model["backbone"].get("conv_bias") is False:
        name = "meso4_v1"  # the older project's network has no biases
    name = name if temporal == "mean" else f"{name}_{temporal}"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _class_name(model: Mapping[str, Any], part: str) -> str:
    node = model.get(part)
    target = node.get("_target_") if isinstance(node, Mapping) else None
    if not isinstance(target, str):
        raise ConfigError(f"model.{part} names no class (_target_): choose one, as in model/{part}=...")
    return target.rpartition(".")[2].lower()


def _folder_name(model: Any) -> str:
    try:
        return model_name(model)
    except ConfigError:  # building the model reports it
        return "unknown"


OmegaConf.register_new_resolver("model_name", _folder_name, replace=True)
