"""The detector: backbone per frame -> temporal over the clip -> head, one logit a clip.

    clips (B, T, 3, S, S) in [0, 1] -> normalise -> backbone (B*T, F) -> temporal (B, F') -> head (B,)

A frame is a clip of length 1. The detector owns its input: `spec` says what to cut, and travels in the checkpoint.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.temporal import Temporal
from deepfake.ranges import Length, Margin
from deepfake.schema import ClipSpec


class Detector(nn.Module):
    """Backbone, temporal module and head, composed.

    Args:
        backbone: image (N, 3, S, S) -> features (N, F).
        temporal: makes, from F, the module (B, T, F) -> (B, F').
        head: makes, from F', the module (B, F') -> (B, 1).
        clip_length: T, frames in a clip.
        frame_stride: distance between two frames of a clip.
        margin: side of the cut, as a multiple of the side of the face's box.
        size: S, in pixels.
        shape: of the cut, `square`, or the detector's `box` stretched to it.

    Raises:
        ConfigError: the clip is too short for the temporal module.

    Attributes:
        spec: what the model wants to see.
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
    ) -> None:
        super().__init__()
        self.spec = ClipSpec(clip_length, frame_stride, margin, size, shape, backbone.mean, backbone.std)
        self.backbone = backbone
        self.temporal = temporal(backbone.num_features)
        self.head = head(self.temporal.num_features)
        if clip_length < self.temporal.min_clip_length:
            raise ConfigError(
                f"model.temporal {type(self.temporal).__name__} needs clips of {self.temporal.min_clip_length} frames "
                f"or more and gets {clip_length}: use representation=window, or model/temporal=mean"
            )
        self.register_buffer("mean", torch.tensor(backbone.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(backbone.std).view(3, 1, 1), persistent=False)
        # Convolutions are faster when the channels of a pixel lie side by side, and the same to rounding.
        self.to(memory_format=torch.channels_last)

    mean: Tensor
    std: Tensor

    def forward(self, clips: Tensor) -> Tensor:
        """Score clips.

        Args:
            clips: (B, T, 3, S, S) in [0, 1].

        Returns:
            (B,) logits, above 0 for fake.
        """
        images = (clips.flatten(0, 1) - self.mean) / self.std
        images = images.contiguous(memory_format=torch.channels_last)
        features = self.backbone(images).unflatten(0, clips.shape[:2])
        return self.head(self.temporal(features)).squeeze(1)
