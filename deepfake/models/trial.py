"""One image through a backbone, before hours of extraction: many networks take one size of image alone."""

import torch

from deepfake.errors import ConfigError
from deepfake.models.detector import Detector


def require_fitting(detector: Detector) -> None:
    """See that a detector's backbone takes images of the detector's size, and gives as many features as it says.

    Raises:
        ConfigError: it does not.
    """
    size, backbone = detector.spec.size, detector.backbone
    name = backbone.name or type(backbone).__name__
    training = backbone.training
    try:
        with torch.no_grad():
            features = backbone.eval()(torch.zeros(1, 3, size, size))
    except Exception as error:  # each network has its own way of saying so
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
