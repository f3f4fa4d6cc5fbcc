"""Try one clip on a detector before hours of extraction, since many networks take only one size of image."""

import torch
from torch import Tensor, nn

from deepfake.errors import ConfigError
from deepfake.models.detector import Detector


def require_fitting(detector: Detector) -> None:
    """Stop unless a detector's parts fit: its backbone takes images of its size, and each returns what it declares.

    Raises:
        ConfigError: one does not.
    """
    training = detector.training
    try:
        with torch.no_grad():
            _try(detector.eval())
    finally:
        detector.train(training)


def _try(detector: Detector) -> None:
    backbone, temporal, size = detector.backbone, detector.temporal, detector.spec.size
    name = backbone.name or type(backbone).__name__
    try:
        features = backbone(torch.zeros(1, 3, size, size))
    except Exception as error:  # each network raises its own type of error
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        made_for = backbone.made_for
        cure = f"add model.size={made_for}" if made_for not in (None, size) else "choose another model.size"
        raise ConfigError(f"model.size={size} is not for {name} ({reason}): {cure}, or another backbone") from error
    _require(features, backbone.num_features, f"model.backbone {name}", "an image", "backbone")
    clip = temporal(torch.zeros(1, detector.spec.clip_length, backbone.num_features))
    _require(clip, temporal.num_features, f"model.temporal {_name(temporal)}", "a clip", "temporal module")
    _require(detector.head(clip), 1, f"model.head {_name(detector.head)}", "a clip", "head")


def _require(found: Tensor, num_features: int, part: str, of: str, kind: str) -> None:
    if found.shape != (1, num_features):
        raise ConfigError(
            f"{part} gives features of shape {tuple(found.shape)} for {of}, where (1, {num_features}) are expected: "
            f"choose another {kind}"
        )


def _name(module: nn.Module) -> str:
    return type(module).__name__
