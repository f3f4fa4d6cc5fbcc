"""Try a detector's parts before hours of extraction: many networks take only one size of image, and parts may not fit.

The backbone is tried on one image, since a second took EfficientNet-B4 1.5 s more at 380 px on two busy cores. The
temporal module and the head are tried on random features of two clips.
"""

import torch
from torch import Tensor, nn

from deepfake.errors import ConfigError
from deepfake.models.detector import Detector

_CORRECT = "or correct its num_features"


def require_fitting(detector: Detector) -> None:
    """Stop unless a detector's parts fit: its backbone takes images of its size, and each returns what it declares.

    What the temporal module and the head return for a clip must not depend on the other clips of its batch.

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
    _require(features, backbone.num_features, f"model.backbone {name}", "an image", f"backbone, {_CORRECT}")
    random = torch.Generator().manual_seed(0)  # the run's own random numbers stay as they are
    frames = torch.randn(2, detector.num_images, backbone.num_features, generator=random)
    name = f"model.temporal {_name(temporal)}"
    clips = _each(temporal, frames, temporal.num_features, name, f"temporal module, {_CORRECT}")
    _each(detector.head, clips, 1, f"model.head {_name(detector.head)}", "head")


def _each(module: nn.Module, clips: Tensor, num_features: int, part: str, other: str) -> Tensor:
    """Return what a module gives for each of two clips, which must be the same when both are in one batch."""
    first, second = module(clips[:1]), module(clips[1:])
    _require(first, num_features, part, "a clip", other)
    _require(second, num_features, part, "a clip", other)
    alone, together = torch.cat((first, second)), module(clips)
    rounding = 1e-4 * float(alone.abs().nan_to_num().max())  # of sums over features, whose order may differ
    if alone.shape != together.shape or not torch.allclose(alone, together, rtol=0, atol=rounding, equal_nan=True):
        raise ConfigError(
            f"{part} gives a clip another result when another clip is in its batch: let it compute each clip by "
            "itself; dimension 0 is the batch"
        )
    return alone


def _require(found: Tensor, num_features: int, part: str, of: str, other: str) -> None:
    if found.shape != (1, num_features):
        raise ConfigError(
            f"{part} returns shape {tuple(found.shape)} for {of}, where (1, {num_features}) is expected: choose "
            f"another {other}"
        )


def _name(module: nn.Module) -> str:
    return type(module).__name__
