"""Attention pooling: a mean over the frames whose weights are computed from the frames.

Source: Ilse et al. 2018, "Attention-based Deep Multiple Instance Learning", equation 8 (without the gate).
"""

import torch
from torch import Tensor, nn

from deepfake.models.temporal import Temporal
from deepfake.ranges import Width


class Attention(Temporal):
    """Averages the frames of a clip by softmax weights, regardless of their order.

    Args:
        num_features: F, features of a frame; a clip has as many.
        hidden_size: units of the network that weighs a frame.
    """

    min_clip_length = 2

    def __init__(self, num_features: int, *, hidden_size: Width = 64) -> None:
        super().__init__()
        self.num_features = num_features
        # The softmax takes no notice of a bias of the last layer, so it has none.
        self.weigh = nn.Sequential(
            nn.Linear(num_features, hidden_size), nn.Tanh(), nn.Linear(hidden_size, 1, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        weights = torch.softmax(self.weigh(features), dim=1)  # (B, T, 1): over the frames, never over the batch
        return (weights * features).sum(1)
