"""A small transformer over the frames of a clip; its class token represents the clip.

Source: Vaswani et al. 2017, "Attention Is All You Need" (the encoder and the sines of the position), and Devlin et al.
2018, "BERT" (the class token). Differs: each layer normalises its input, not its output, which needs no warm-up.
"""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from deepfake.errors import ConfigError
from deepfake.models.temporal import Temporal
from deepfake.ranges import Layers, Share, Width

Heads = Annotated[int, Field(ge=1, le=128)]


class Transformer(Temporal):
    """Lets all frames of a clip see each other, with the place of each known by sines, so that any length will do.

    Args:
        num_features: F.
        hidden_size: F', an even multiple of `num_heads`.
        num_layers: number of layers.
        num_heads: number of attention heads.
        dropout: dropout in each layer.

    Raises:
        ConfigError: `hidden_size` is odd, or no multiple of `num_heads`.
    """

    min_clip_length = 2

    def __init__(
        self,
        num_features: int,
        *,
        hidden_size: Width = 128,
        num_layers: Layers = 2,
        num_heads: Heads = 4,
        dropout: Share = 0.1,
    ) -> None:
        super().__init__()
        if hidden_size % 2 or hidden_size % num_heads:
            raise ConfigError(
                f"model.temporal.hidden_size={hidden_size}: choose an even multiple of num_heads={num_heads}"
            )
        self.num_features = hidden_size
        self.project = nn.Linear(num_features, hidden_size)
        self.token = nn.Parameter(torch.randn(hidden_size) * 0.02)
        layer = nn.TransformerEncoderLayer(
            hidden_size, num_heads, 4 * hidden_size, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, num_layers, norm=nn.LayerNorm(hidden_size), enable_nested_tensor=False
        )

    def forward(self, features: Tensor) -> Tensor:
        frames = self.project(features)
        frames = frames + _positions(frames.shape[1], self.num_features).to(frames)
        token = self.token.expand(frames.shape[0], 1, -1).to(frames)
        encoded: Tensor = self.encoder(torch.cat([token, frames], dim=1))
        return encoded[:, 0]


def _positions(length: int, size: int) -> Tensor:
    """Return the sines and cosines of each place: (length, size)."""
    rates = torch.exp(torch.arange(0, size, 2, dtype=torch.float64) * (-math.log(10_000) / size))
    angles = torch.arange(length, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)
