"""An LSTM over the frames of a clip; its output after the last frame represents the clip.

Source: Güera and Delp 2018, "Deepfake Video Detection Using Recurrent Neural Networks" (an LSTM over a CNN's features
of each frame). Differs: any backbone, trained together with it.
"""

from torch import Tensor, nn

from deepfake.models.temporal import Temporal
from deepfake.ranges import Layers, Share, Width


class Lstm(Temporal):
    """An LSTM that starts every clip from zeros, so a clip's score is always the same.

    Args:
        num_features: F.
        hidden_size: F'.
        num_layers: number of stacked LSTMs.
        dropout: dropout between layers; it has no effect on a single layer.
    """

    min_clip_length = 2

    def __init__(
        self, num_features: int, *, hidden_size: Width = 128, num_layers: Layers = 1, dropout: Share = 0.0
    ) -> None:
        super().__init__()
        self.num_features = hidden_size
        self.lstm = nn.LSTM(num_features, hidden_size, num_layers, batch_first=True, dropout=dropout)

    def forward(self, features: Tensor) -> Tensor:
        outputs, _ = self.lstm(features)
        return outputs[:, -1]
