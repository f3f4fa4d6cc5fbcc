"""The detector: backbone for each frame -> temporal module over the clip -> head, with one logit for each clip.

    clips (B, T, 3, S, S) in [0, 1] -> normalise -> backbone (B*T, F) -> temporal (B, F') -> head (B,)

A frame is a clip of length 1. The detector defines its own input: `spec` says what to cut and is in the checkpoint.
"""

from collections.abc import Callable
from inspect import get_annotations
from typing import Literal, Self

import torch
from torch import Tensor, nn

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.temporal import Temporal
from deepfake.models.tune import Tune
from deepfake.ranges import Length, Margin
from deepfake.schema import ClipSpec


class Detector(nn.Module):
    """A backbone, a temporal module and a head.

    Args:
        backbone: image (N, 3, S, S) -> features (N, F).
        temporal: given F, makes the module (B, T, F) -> (B, F').
        head: given F', makes the module (B, F') -> (B, 1).
        clip_length: T, frames in a clip.
        frame_stride: distance between two frames of a clip.
        margin: side of the cut as a multiple of the side of the face's box.
        size: S, in pixels.
        shape: shape of the cut: `square`, or the finder's `box`, stretched to a square.
        tune: what of the backbone trains; None is all of it.

    Raises:
        ConfigError: the clip is too short for the temporal module, or a part lacks an attribute.

    Attributes:
        spec: the input that the model expects.
        fixed: names of the frozen parameters of the backbone.
    """

    def __init__(
        self,
        backbone: Backbone,
        temporal: Callable[[int], Temporal],
        head: Callable[[int], nn.Module],
        *,
        clip_length: Length,
        frame_stride: Length,
        margin: Margin,
        size: Length,
        shape: Literal["square", "box"] = "square",
        tune: Tune | None = None,
    ) -> None:
        super().__init__()
        _require_attributes(backbone, Backbone)
        self.spec = ClipSpec(clip_length, frame_stride, margin, size, shape, backbone.mean, backbone.std)
        if tune is not None:
            tune.apply(backbone)
        self.backbone = backbone
        self.fixed = tuple(name for name, parameter in self.named_parameters() if not parameter.requires_grad)
        self.temporal = temporal(backbone.num_features)
        _require_attributes(self.temporal, Temporal)
        self.head = head(self.temporal.num_features)
        if clip_length < self.temporal.min_clip_length:
            raise ConfigError(
                f"model.temporal {type(self.temporal).__name__} needs clips of {self.temporal.min_clip_length} frames "
                f"or more and gets {clip_length}: use representation=window, or model/temporal=mean"
            )
        self.register_buffer("mean", torch.tensor(backbone.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(backbone.std).view(3, 1, 1), persistent=False)
        self._trainable = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
        # With the channels of a pixel side by side, convolutions are faster and give the same up to rounding.
        self.to(memory_format=torch.channels_last)

    mean: Tensor
    std: Tensor

    def train(self, mode: bool = True) -> Self:
        """Switch to training; what is frozen in the backbone stays in eval mode, BatchNorm and dropout too."""
        super().train(mode)
        if mode and not all(parameter.requires_grad for parameter in self.backbone.parameters()):
            for module in self.backbone.modules():
                if not any(parameter.requires_grad for parameter in module.parameters(recurse=False)):
                    module.training = False
        return self

    def freeze_backbone(self, frozen: bool) -> None:
        """Freeze all of the backbone, or let train again what was made to."""
        for parameter in self._trainable:
            parameter.requires_grad_(not frozen)
        self.train(self.training)

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the logits of clips.

        Args:
            clips: (B, T, 3, S, S) in [0, 1].

        Returns:
            (B,) logits, above 0 for fake.
        """
        images = (clips.flatten(0, 1) - self.mean) / self.std
        images = images.contiguous(memory_format=torch.channels_last)
        features = self.backbone(images).unflatten(0, clips.shape[:2])
        return self.head(self.temporal(features)).squeeze(1)


def _require_attributes(part: nn.Module, interface: type[nn.Module]) -> None:
    if missing := [name for name in get_annotations(interface) if not hasattr(part, name)]:
        them = "it" if len(missing) == 1 else "them"
        raise ConfigError(f"{type(part).__name__} has no {' and no '.join(missing)}: set {them} in __init__")
