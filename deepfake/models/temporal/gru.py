"""A GRU over the frames of a clip; its output after the last frame represents the clip.

Source: Sabir et al. 2019, "Recurrent Convolutional Strategies for Face Manipulation Detection in Videos" (a GRU over a
CNN's features of each frame). Differs: any backbone, one direction.
"""

from torch import Tensor, nn

from deepfake.models.temporal import Temporal
from deepfake.ranges import Layers, Share, Width


class Gru(Temporal):
    """A GRU that starts every clip from zeros, so a clip's score is always the same.

    Args:
        num_features: F.
        hidden_size: F'.
        num_layers: number of stacked GRUs.
        dropout: dropout between layers; it has no effect on a single layer.
    """

    min_clip_length = 2

    def __init__(
        self, num_features: int, *, hidden_size: Width = 128, num_layers: Layers = 1, dropout: Share = 0.0
    ) -> None:
        super().__init__()
        self.num_features = hidden_size
        self.gru = nn.GRU(num_features, hidden_size, num_layers, batch_first=True, dropout=dropout)

    def forward(self, features: Tensor) -> Tensor:
        outputs, _ = self.gru(features)
        return outputs[:, -1]
