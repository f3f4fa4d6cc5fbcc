"""Try one image on a backbone before hours of extraction, since many networks take only one size."""

import torch

from deepfake.errors import ConfigError
from deepfake.models.detector import Detector


def require_fitting(detector: Detector) -> None:
    """Stop unless a backbone takes images of the detector's size and returns as many features as it declares.

    Raises:
        ConfigError: the backbone refuses the size, or returns another number of features.
    """
    size, backbone = detector.spec.size, detector.backbone
    name = backbone.name or type(backbone).__name__
    training = backbone.training
    try:
        with torch.no_grad():
            features = backbone.eval()(torch.zeros(1, 3, size, size))
    except Exception as error:  # each network raises its own type of error
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        made_for = backbone.made_for
        cure = f"add model.size={made_for}" if made_for not in (None, size) else "choose another model.size"
        raise ConfigError(f"model.size={size} is not for {name} ({reason}): {cure}, or another backbone") from error
    finally:
        backbone.train(training)
    if features.shape != (1, backbone.num_features):
        raise ConfigError(
            f"model.backbone {name} gives features of shape {tuple(features.shape)} for an image, where "
            f"(1, {backbone.num_features}) are expected: choose another backbone"
        )
