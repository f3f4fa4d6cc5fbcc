"""The detector: backbone for each frame -> temporal module over the clip -> head, with one logit for each clip.

    clips (B, T, 3, S, S) in [0, 1] -> normalise -> backbone (B*T, F) -> temporal (B, F') -> head (B,)

A frame is a clip of length 1. With `layout=thumbnail`, four frames of a clip become one image for the backbone, and T
is the number of these images from there on. The detector defines its own input: `spec` says what to cut and is in the
checkpoint.
"""

from collections.abc import Callable
from inspect import get_annotations
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.network import Network
from deepfake.models.temporal import Temporal
from deepfake.models.tune import Tune
from deepfake.ranges import Length, Margin
from deepfake.schema import ClipSpec


class Detector(Network):
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
        layout: what the backbone sees: `frames`, each alone, or `thumbnail`, see `thumbnails`.
        tune: what of the backbone trains; None is all of it.

    Raises:
        ConfigError: the clip is too short for the temporal module or makes no thumbnails, or a part lacks an attribute.

    Attributes:
        spec: the input that the model expects.
        num_images: images of a clip that the backbone and the temporal module see.
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
        layout: Literal["frames", "thumbnail"] = "frames",
        tune: Tune | None = None,
    ) -> None:
        super().__init__()
        _require_attributes(backbone, Backbone)
        self.spec = ClipSpec(clip_length, frame_stride, margin, size, shape, backbone.mean, backbone.std)
        self.layout = layout
        self.num_images = clip_length if layout == "frames" else _num_thumbnails(clip_length, size)
        if tune is not None:
            tune.apply(backbone)
        self.backbone = backbone
        self.fixed = tuple(name for name, parameter in self.named_parameters() if not parameter.requires_grad)
        self.temporal = temporal(backbone.num_features)
        _require_attributes(self.temporal, Temporal)
        self.head = head(self.temporal.num_features)
        _require_length(self.temporal, self.num_images, layout)
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
        return self.logits(self.features(clips))

    def features(self, clips: Tensor) -> Tensor:
        """Compute what the head receives: (B, T, 3, S, S) in [0, 1] -> (B, F')."""
        images = clips if self.layout == "frames" else thumbnails(clips)
        images = (images.flatten(0, 1) - self.mean) / self.std
        images = images.contiguous(memory_format=torch.channels_last)
        features: Tensor = self.temporal(self.backbone(images).unflatten(0, (clips.shape[0], -1)))
        return features

    def logits(self, features: Tensor) -> Tensor:
        """Apply the head: (B, F') -> (B,)."""
        logits: Tensor = self.head(features).squeeze(1)
        return logits


def thumbnails(clips: Tensor) -> Tensor:
    """Make one image of every four frames, row by row: (B, 4 K, C, S, S) -> (B, K, C, S, S).

    Each frame is shrunk to half its side by the mean of 2 x 2 pixels.

    Source: TALL (ICCV 2023). Differs: no part of the frames is masked out.
    """
    batch, _, channels, size, _ = clips.shape
    small = avg_pool2d(clips.flatten(0, 1), 2).reshape(batch, -1, 2, 2, channels, size // 2, size // 2)
    return small.permute(0, 1, 4, 2, 5, 3, 6).reshape(batch, -1, channels, size, size)


def _num_thumbnails(clip_length: int, size: int) -> int:
    if clip_length % 4:
        raise ConfigError(
            f"representation.clip_length={clip_length} makes no thumbnails of four frames: use a multiple of 4, or "
            "representation.layout=frames"
        )
    if size % 2:
        raise ConfigError(f"model.size={size} is not even, so a thumbnail has no place for four frames: use {size + 1}")
    return clip_length // 4


def _require_length(temporal: Temporal, num_images: int, layout: str) -> None:
    needed, name = temporal.min_clip_length, f"model.temporal {type(temporal).__name__}"
    if num_images >= needed:
        return
    if layout == "frames":
        raise ConfigError(
            f"{name} needs clips of {needed} frames or more and gets {num_images}: use representation=window, or "
            "model/temporal=mean"
        )
    raise ConfigError(
        f"{name} needs {needed} thumbnails or more and gets {num_images}: use representation.clip_length={4 * needed}, "
        "or model/temporal=mean"
    )


def _require_attributes(part: nn.Module, interface: type[nn.Module]) -> None:
    if missing := [name for name in get_annotations(interface) if not hasattr(part, name)]:
        them = "it" if len(missing) == 1 else "them"
        raise ConfigError(f"{type(part).__name__} has no {' and no '.join(missing)}: set {them} in __init__")
