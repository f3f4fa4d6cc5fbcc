"""An LSTM over the frames of a clip; what it holds after the last frame stands for the clip.

Source: Güera and Delp 2018, "Deepfake Video Detection Using Recurrent Neural Networks" (a CNN's features of each frame
into an LSTM). Differs: any backbone, trained together with it.
"""

from torch import Tensor, nn

from deepfake.models.temporal import Temporal
from deepfake.ranges import Layers, Share, Width


class Lstm(Temporal):
    """LSTM that starts every clip from zeros, so a clip's score is the same every time.

    Args:
        num_features: F.
        hidden_size: F'.
        num_layers: LSTMs on top of each other.
        dropout: between layers, so only where there are several.
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
